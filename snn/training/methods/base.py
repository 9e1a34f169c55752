"""The contract of training methods: steps, the axis that they run along, and a state."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor

from spikeatlas.snn.networks import Architecture, TrainableNetwork
from spikeatlas.snn.registry import Contract


@dataclasses.dataclass(frozen=True)
class Assignment:
    """The task of a method: a network, what it is to reach, and how long it has."""

    network: TrainableNetwork
    run: Callable[[Tensor], Tensor]
    """Output spikes (T, n, outputs) of encoded images (T or 1, n, c, h, w), with gradients; by the backend."""
    loss: Callable[[Tensor, Tensor], Tensor]
    """Loss (), the objectives' sum, of output spikes (T, n, outputs) and labels (n,)."""
    lr: float
    """``training.lr``."""
    steps: int
    """Steps of the whole training (>= 1)."""


class Teacher(ABC):
    """A method at work on one network."""

    @abstractmethod
    def step(self, inputs: Tensor, labels: Tensor) -> float:
        """Change the network by one batch and return its loss before the change.

        ``inputs`` (T or 1, n, c, h, w) encoded images, ``labels`` (n,) int64. A loss that is not finite is
        returned and changes nothing: the training then ends in a sentence.
        """

    def settle(self) -> None:
        """Bring the network's tensors up to date before they are read: for a method that trains a copy elsewhere."""
        return

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Return what changes beside the network: optimisers, rates, traces; tensors and plain values."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""


class TrainingMethod(Contract, ABC):
    """A way to train, as a study names it: a frozen pydantic dataclass with its own fields.

    All random choices of a method derive from its arguments, so that a training can go on where it was
    killed and end with the same bytes.
    """

    kind: str
    axis: ClassVar[str] = "epoch"
    """Name of the axis that training runs along."""

    def problems(self, network: Architecture) -> list[str]:
        """Return, in sentences, what keeps the method from training a network; none by default."""
        del network
        return []

    @abstractmethod
    def begin(self, assignment: Assignment) -> Teacher:
        """Make ready to train."""
