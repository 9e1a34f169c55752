"""A method at work on one network, batch after batch."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from spikeatlas.snn.networks import TrainableNetwork


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
    epoch_steps: int = 1
    """Steps of one pass through the training images (>= 1)."""
    seed: int = 0
    """Of what a method draws, with the number of the step (>= 0)."""


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

    def select(self, parameter: nn.Parameter, axis: int, entries: Tensor) -> None:
        """Keep of what it remembers of a parameter the ``entries`` (n,) along an axis: the others are about to be cut out.

        For methods that are ``resizable``.
        """
        raise NotImplementedError(f"{type(self).__name__} has to write select: units are cut.")

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Return what changes beside the network: optimisers, rates, traces; tensors and plain values."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""
