"""All that a training is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spikeatlas.snn.data import DataSet
from spikeatlas.snn.networks import Architecture, NetworkSite, TrainableNetwork, pixel_statistics

if TYPE_CHECKING:
    # the section has a method among its fields, and a method's learner gets a lesson
    from spikeatlas.snn.training.spec import TrainingSpec


@dataclass(frozen=True)
class Lesson:
    """A network to train, on what, and how: the same lesson always ends with the same checkpoints."""

    architecture: Architecture
    spec: TrainingSpec
    data: DataSet
    seed: int
    """Of the weights and of every random choice (>= 0)."""
    study: str
    """Digest of the study, which marks the checkpoints."""

    def build(self) -> TrainableNetwork:
        """Build the untrained network, for the training images."""
        mean, std = pixel_statistics(self.data.train.images)
        surrogate = self.spec.backend.surrogate(self.spec.surrogate)
        site = NetworkSite(self.data.shape, len(self.data.classes), mean, std, self.seed, surrogate)
        return self.architecture.build(site)
