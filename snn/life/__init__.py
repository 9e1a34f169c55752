"""Life of units: which can never respond, whatever image is shown, and what drives the others."""

from __future__ import annotations

from spikeatlas.snn.life.bounds import UnitBounds, response_bounds
from spikeatlas.snn.life.extremes import extreme_images
from spikeatlas.snn.life.life_verdict import (
    CUT,
    DEAD,
    DORMANT,
    LIVE,
    UNASKED,
    UNDRIVEN,
    VERDICTS,
    Evidence,
    verdicts,
)
from spikeatlas.snn.life.unit_drive import DriveResponder, drives, thresholds

__all__ = [
    "CUT",
    "DEAD",
    "DORMANT",
    "LIVE",
    "UNASKED",
    "UNDRIVEN",
    "VERDICTS",
    "DriveResponder",
    "Evidence",
    "UnitBounds",
    "drives",
    "extreme_images",
    "response_bounds",
    "thresholds",
    "verdicts",
]
