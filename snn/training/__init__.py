"""Training a spiking network: a checkpoint per epoch, resumable at any step."""

from __future__ import annotations

from spikeatlas.snn.training.checkpoints import (
    CheckpointHeader,
    checkpoint_epochs,
    epoch_path,
    list_epochs,
    load_network,
    read_header,
    unreadable_epochs,
)
from spikeatlas.snn.training.spec import TrainingSpec
from spikeatlas.snn.training.trainer import train_network

__all__ = [
    "CheckpointHeader",
    "TrainingSpec",
    "checkpoint_epochs",
    "epoch_path",
    "list_epochs",
    "load_network",
    "read_header",
    "train_network",
    "unreadable_epochs",
]  # fmt: skip
