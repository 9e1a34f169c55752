"""Subjects: whatever answers images. One file (or folder) a member, one table."""

from __future__ import annotations

from spikeatlas.snn.layer_info import SPIKE_RATE, LayerInfo, Unit, spike_unit
from spikeatlas.snn.subjects.base import (
    LACKS,
    LackError,
    Neurons,
    Progress,
    Respond,
    Responses,
    Scores,
    Showing,
    Source,
    Subject,
    SubjectSpec,
)
from spikeatlas.snn.subjects.read_source import read_source, reading_problems

__all__ = [
    "LACKS",
    "SPIKE_RATE",
    "LackError",
    "LayerInfo",
    "Neurons",
    "Progress",
    "Respond",
    "Responses",
    "Scores",
    "Showing",
    "Source",
    "Subject",
    "SubjectSpec",
    "Unit",
    "read_source",
    "reading_problems",
    "spike_unit",
]
