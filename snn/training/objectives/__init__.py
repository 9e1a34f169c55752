"""Terms of the loss that a network is trained for."""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.training.objectives.base import LayerObjective, TrainingObjective
from spikeatlas.snn.training.objectives.cross_entropy import CrossEntropy
from spikeatlas.snn.training.objectives.hebbian import Hebbian

OBJECTIVES: Family[TrainingObjective] = Family(
    "training objective",
    TrainingObjective,  # type: ignore[type-abstract]
    {"cross-entropy": CrossEntropy, "hebbian": Hebbian},
)
"""``training.objectives`` of a study."""

__all__ = ["OBJECTIVES", "CrossEntropy", "Hebbian", "LayerObjective", "TrainingObjective"]
