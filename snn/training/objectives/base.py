"""The contract of training objectives: terms of the loss."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.registry import Contract


class TrainingObjective(Contract, ABC):
    """A term of the loss, as a study names it: a frozen pydantic dataclass with its own fields.

    The loss is the sum of the study's objectives.
    """

    kind: str

    @abstractmethod
    def loss(self, network: TrainableNetwork, spikes: Tensor, labels: Tensor) -> Tensor:
        """Return the term (), with its gradient, of one batch.

        ``spikes`` (T, n, outputs) of the output layer, ``labels`` (n,) int64 in 0..classes-1.
        """
