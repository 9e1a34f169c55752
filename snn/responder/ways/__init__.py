"""Exact ways to compute one layer's spikes; a plan strings them together."""

from __future__ import annotations
