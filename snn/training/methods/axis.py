"""The axis of a training: what the places count at which it leaves checkpoints."""

from __future__ import annotations

from typing import NamedTuple


class TrainingAxis(NamedTuple):
    """Meaning of a study's epochs in one training: the atlas's axis ``epoch`` keeps its name, its attributes say this."""

    name: str
    """Noun of one place: ``epoch``, ``stage``."""
    long_name: str
    units: str
    comment: str


EPOCHS = TrainingAxis("epoch", "epoch", "epoch", "training progress; 0: untrained")
"""Passes through the training images."""
