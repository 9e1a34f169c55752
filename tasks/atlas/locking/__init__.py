"""The right to write an atlas, which one run has at a time."""

from __future__ import annotations
