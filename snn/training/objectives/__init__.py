"""Terms of the loss that a network is trained for."""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.training.objectives.base import TrainingObjective
from spikeatlas.snn.training.objectives.cross_entropy import CrossEntropy

OBJECTIVES: Family[TrainingObjective] = Family(
    "training objective",
    TrainingObjective,  # type: ignore[type-abstract]
    {"cross-entropy": CrossEntropy},
)
"""``training.objectives`` of a study."""

__all__ = ["OBJECTIVES", "CrossEntropy", "TrainingObjective"]
