"""Training a spiking network: a checkpoint per epoch, resumable at any step."""

from __future__ import annotations

from spikeatlas.snn.training.backends import BACKENDS, TrainingBackend
from spikeatlas.snn.training.callbacks import (
    CALLBACKS,
    ActingCallback,
    Demp,
    Intervention,
    Prune,
    TrainingCallback,
    TrainingSite,
)
from spikeatlas.snn.training.checkpoints import (
    CheckpointHeader,
    checkpoint_epochs,
    epoch_path,
    list_epochs,
    load_network,
    read_header,
    unreadable_epochs,
)
from spikeatlas.snn.training.desires import DesireShares, desire_shares
from spikeatlas.snn.training.methods import (
    EPOCHS,
    TRAINING_METHODS,
    Assignment,
    Desire,
    Lesson,
    NetworkLearner,
    StepLearner,
    Td3,
    Teacher,
    TrainingAxis,
    TrainingMethod,
)
from spikeatlas.snn.training.objectives import OBJECTIVES, LayerObjective, TrainingObjective
from spikeatlas.snn.training.small_batches import batch_problems
from spikeatlas.snn.training.spec import TrainingSpec, renamed_fields
from spikeatlas.snn.training.trainer import STATE, train_network

__all__ = [
    "BACKENDS",
    "CALLBACKS",
    "EPOCHS",
    "OBJECTIVES",
    "STATE",
    "TRAINING_METHODS",
    "ActingCallback",
    "Assignment",
    "CheckpointHeader",
    "Demp",
    "Desire",
    "DesireShares",
    "Intervention",
    "LayerObjective",
    "Lesson",
    "NetworkLearner",
    "Prune",
    "StepLearner",
    "Td3",
    "Teacher",
    "TrainingAxis",
    "TrainingBackend",
    "TrainingCallback",
    "TrainingMethod",
    "TrainingObjective",
    "TrainingSite",
    "TrainingSpec",
    "batch_problems",
    "checkpoint_epochs",
    "desire_shares",
    "epoch_path",
    "list_epochs",
    "load_network",
    "read_header",
    "renamed_fields",
    "train_network",
    "unreadable_epochs",
]
