"""The contract of callbacks that act: they change a network while it is trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor

from spikeatlas.snn.data import Split
from spikeatlas.snn.networks import Architecture, TrainableNetwork
from spikeatlas.snn.training.callbacks.base import TrainingCallback
from spikeatlas.snn.training.checkpoints import CheckpointHeader

if TYPE_CHECKING:
    # methods learn with callbacks at their side
    from spikeatlas.snn.training.methods.teacher import Teacher


@dataclass(frozen=True)
class TrainingSite:
    """The training that a callback acts in."""

    network: TrainableNetwork
    teacher: Teacher
    train: Split
    """All training images."""
    steps: int
    """Steps of the whole training (>= 1)."""
    seed: int
    """Of the study: random choices derive from it and from the number of the step."""


class Intervention(ABC):
    """An acting callback at work on one network."""

    def penalty(self, step: int) -> Tensor | None:
        """Return a term () of the loss of the step that follows after ``step`` steps; None for none."""
        del step
        return None

    @abstractmethod
    def after_step(self, step: int) -> None:
        """Act on the network after ``step`` steps (>= 1), its gradients still being there."""

    def state_dict(self) -> dict[str, Any]:
        """Return what changes beside the network: tensors and plain values."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""
        del state


class ActingCallback(TrainingCallback, ABC):
    """A callback that changes the network, beside the training method, after every step."""

    strengths: ClassVar[tuple[str, ...]] = ()
    """Its fields that may make a training diverge where they are too large."""

    def problems(self, network: Architecture) -> list[str]:
        """Return, in sentences, what keeps it from acting on a network; none by default."""
        del network
        return []

    @abstractmethod
    def begin(self, site: TrainingSite) -> Intervention:
        """Make ready to act."""

    def __call__(self, header: CheckpointHeader, network: TrainableNetwork) -> None:
        """See ``TrainingCallback``: nothing is left to look at."""
        del header, network
