"""Heads on frozen features."""

from __future__ import annotations

from spikeatlas.snn.networks.heads.head_architecture import FrozenLayer, ThresholdHeadArchitecture
from spikeatlas.snn.networks.heads.threshold_head import UNITS, ThresholdHead

__all__ = ["UNITS", "FrozenLayer", "ThresholdHead", "ThresholdHeadArchitecture"]
