"""Convolution and pool of many frames at once, forward and backward."""

from __future__ import annotations

from spikeatlas.snn.networks.folded.folded_frames import can_fold, folded_currents

__all__ = ["can_fold", "folded_currents"]
