"""Callbacks that look on while a network is trained: users' own, there is none built in."""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.training.callbacks.base import TrainingCallback

CALLBACKS: Family[TrainingCallback] = Family(
    "training callback",
    TrainingCallback,  # type: ignore[type-abstract]
    {},
)
"""``training.callbacks`` of a study."""

__all__ = ["CALLBACKS", "TrainingCallback"]
