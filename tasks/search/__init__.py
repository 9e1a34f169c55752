"""The search of a block of neurons."""

from __future__ import annotations
