"""The units of work: plain functions of a run and an epoch or block."""

from __future__ import annotations
