"""Heads on frozen features as subjects."""

from __future__ import annotations

from spikeatlas.snn.subjects.heads.threshold_head_spec import LayerFeatures, ThresholdHeadSpec
from spikeatlas.snn.subjects.heads.threshold_head_subject import ThresholdHeadSubject

__all__ = ["LayerFeatures", "ThresholdHeadSpec", "ThresholdHeadSubject"]
