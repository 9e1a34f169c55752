"""Subjects: whatever answers images. One file (or folder) a member, one table."""

from __future__ import annotations

from spikeatlas.snn.layer_info import SPIKE_RATE, LayerInfo, Unit, spike_unit
from spikeatlas.snn.registry import Family
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.acting import ActorSpec, ActorSubject
from spikeatlas.snn.subjects.base import (
    Neurons,
    Respond,
    Responses,
    Scores,
    Source,
    Subject,
    SubjectSpec,
)
from spikeatlas.snn.subjects.chain_subject import ChainSubject
from spikeatlas.snn.subjects.function import CallableSpec
from spikeatlas.snn.subjects.heads import LayerFeatures, ThresholdHeadSpec, ThresholdHeadSubject
from spikeatlas.snn.subjects.lacking import LACKS, LackError
from spikeatlas.snn.subjects.module import ModuleSpec
from spikeatlas.snn.subjects.nir import NirSpec
from spikeatlas.snn.subjects.read import probe_problems, read_source
from spikeatlas.snn.subjects.residual import ResNetSpec, ResNetSubject
from spikeatlas.snn.subjects.settling import FeedbackSpec, FeedbackSubject
from spikeatlas.snn.subjects.trained import ChainSpec, TrainedSource, TrainedSpec
from spikeatlas.snn.subjects.training_progress import Progress

SUBJECTS: Family[SubjectSpec] = Family(
    "network",
    SubjectSpec,  # type: ignore[type-abstract]
    {
        "chain": ChainSpec,
        "resnet": ResNetSpec,
        "feedback": FeedbackSpec,
        "threshold-head": ThresholdHeadSpec,
        "actor": ActorSpec,
        "module": ModuleSpec,
        "nir": NirSpec,
        "callable": CallableSpec,
    },
    default="chain",
)
"""``network`` of a study."""

__all__ = [
    "LACKS",
    "SPIKE_RATE",
    "SUBJECTS",
    "ActorSpec",
    "ActorSubject",
    "CallableSpec",
    "ChainSpec",
    "ChainSubject",
    "FeedbackSpec",
    "FeedbackSubject",
    "LackError",
    "LayerFeatures",
    "LayerInfo",
    "ModuleSpec",
    "Neurons",
    "NirSpec",
    "Progress",
    "ResNetSpec",
    "ResNetSubject",
    "Respond",
    "Responses",
    "Scores",
    "Showing",
    "Source",
    "Subject",
    "SubjectSpec",
    "ThresholdHeadSpec",
    "ThresholdHeadSubject",
    "TrainedSource",
    "TrainedSpec",
    "Unit",
    "probe_problems",
    "read_source",
    "spike_unit",
]
