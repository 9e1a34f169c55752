"""Ways to train a network."""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.training.methods.backprop import Backprop
from spikeatlas.snn.training.methods.base import Assignment, Teacher, TrainingMethod

TRAINING_METHODS: Family[TrainingMethod] = Family(
    "training method",
    TrainingMethod,  # type: ignore[type-abstract]
    {"backprop": Backprop},
)
"""``training.method`` of a study."""

__all__ = ["TRAINING_METHODS", "Assignment", "Backprop", "Teacher", "TrainingMethod"]
