"""The course of a network's training: from checkpoint to checkpoint along its method's axis."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import Split
from spikeatlas.snn.device import torch_device
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.training.checkpoints import CheckpointHeader, epoch_path, save_network
from spikeatlas.snn.training.methods.lesson import Lesson

_TEST_BATCH = 256


class NetworkLearner(ABC):
    """A network that learns, and leaves a checkpoint at each place of its plan.

    A subclass says how to reach a place and what its state is. All its random choices derive from the lesson
    and from how far it is, so that it can go on where it was stopped and end with the same bytes.
    """

    step: int = 0
    """Training steps taken."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.network: TrainableNetwork = lesson.build().to(torch_device(lesson.spec.device))
        self.places: list[float] = []
        """Places whose checkpoints are still to be written, ascending."""
        self._first = 0.0
        self._folder = Path()

    def plan(self, places: Sequence[float], folder: Path, *, first: float) -> None:
        """Set the ``places`` with checkpoints in ``folder``, ascending; the ``first`` of them that is not there yet."""
        self.places, self._folder, self._first = list(places), folder, first

    def is_done(self) -> bool:
        """Tell whether every place has its checkpoint."""
        return not self.places

    def advance(
        self, should_stop: Callable[[], bool], keep: Callable[[], None]
    ) -> CheckpointHeader:
        """Learn up to the next place and write its checkpoint."""

        def stop() -> None:
            if should_stop():
                keep()
                raise InterruptedError("training was stopped: run again to go on where it was.")

        place = self.places[0]
        self.reach(place, stop, keep)
        header = self.header(place)
        save_network(epoch_path(self._folder, place), self.network, header)
        del self.places[0]
        for callback in self.lesson.spec.callbacks:
            callback(header, self.network)
        return header

    @abstractmethod
    def reach(self, place: float, stop: Callable[[], None], keep: Callable[[], None]) -> None:
        """Learn up to ``place``.

        ``stop`` raises InterruptedError, its state safe, where the training is told to stop: call it before every
        step. ``keep`` saves the state; call it now and then.
        """

    def settle(self) -> None:
        """Bring the network's tensors up to date before they are read."""
        return

    @torch.no_grad()
    def header(self, place: float) -> CheckpointHeader:
        """Measure the network on the test images."""
        self.settle()
        self.network.eval()
        test = self.lesson.data.test
        scores, labels = self.scores(test), torch.from_numpy(test.labels)
        self.network.train()
        return CheckpointHeader(
            epoch=place,
            step=self.step,
            images_seen=self.images_seen,
            accuracy=float((scores.argmax(1) == labels).double().mean()),
            loss=float(functional.cross_entropy(scores.double(), labels)),
            study=self.lesson.study,
        )

    @torch.no_grad()
    def scores(self, split: Split) -> Tensor:
        """Scores (n, classes) that the network gives images as it is, on the processor; its mode is the caller's."""
        parts = []
        for batch, count in padded_batches(split.images, _TEST_BATCH):
            inputs = encode(self.network, batch, self.key("accuracy"))
            outputs = self.network(inputs.to(self.network.device))
            parts.append(self.network.scores(outputs)[:count].cpu())
        return torch.cat(parts)

    def key(self, purpose: str) -> CodingKey:
        """Return the key of a stochastic coding at this step."""
        return CodingKey(self.lesson.seed, checkpoint="", purpose=purpose, presentation=self.step)

    @property
    @abstractmethod
    def images_seen(self) -> int:
        """Training images seen, each as often as it was."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Return all that going on needs: tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that is not past the first checkpoint to write; else stay at the start."""
        if self.is_past(state, self._first):
            return
        self.restore(state)
        self.places = [place for place in self.places if not self.is_past(state, place)]

    @abstractmethod
    def is_past(self, state: dict[str, Any], place: float) -> bool:
        """Tell whether a state is of a training that has gone on after ``place``."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""
