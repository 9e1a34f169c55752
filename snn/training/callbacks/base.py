"""The contract of callbacks, which look on while a network is trained."""

from __future__ import annotations

from abc import ABC, abstractmethod

from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.registry import Contract
from spikeatlas.snn.training.checkpoints import CheckpointHeader


class TrainingCallback(Contract, ABC):
    """Called after every epoch, as a study names it: a frozen pydantic dataclass with its own fields."""

    kind: str

    @abstractmethod
    def __call__(self, header: CheckpointHeader, network: TrainableNetwork) -> None:
        """Look at the network of an epoch, whose checkpoint is written; change nothing in it.

        Called for epoch 0 and every further one that is kept; again for one that a kill made train again,
        with the same values.
        """
