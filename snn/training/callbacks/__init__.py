"""Callbacks: they look on while a network is trained, or act on it after every step."""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.training.callbacks.acting import ActingCallback, Intervention, TrainingSite
from spikeatlas.snn.training.callbacks.base import TrainingCallback
from spikeatlas.snn.training.callbacks.demp import Demp
from spikeatlas.snn.training.callbacks.one_cycle import one_cycle
from spikeatlas.snn.training.callbacks.prune import Prune

CALLBACKS: Family[TrainingCallback] = Family(
    "training callback",
    TrainingCallback,  # type: ignore[type-abstract]
    {"demp": Demp, "prune": Prune},
)
"""``training.callbacks`` of a study."""

__all__ = [
    "CALLBACKS",
    "ActingCallback",
    "Demp",
    "Intervention",
    "Prune",
    "TrainingCallback",
    "TrainingSite",
    "one_cycle",
]
