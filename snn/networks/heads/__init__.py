"""Heads on frozen features."""

from __future__ import annotations

from spikeatlas.snn.networks.heads.head_architecture import FrozenLayer, ThresholdHeadArchitecture
from spikeatlas.snn.networks.heads.threshold_head import CERTIFICATES, UNITS, ThresholdHead

__all__ = ["CERTIFICATES", "UNITS", "FrozenLayer", "ThresholdHead", "ThresholdHeadArchitecture"]
