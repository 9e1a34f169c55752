"""The one loop in which everything learns: killed at any step, it goes on and ends with the same files.

A learner draws nothing from a running generator: its random choices come from seeds, epochs and steps.
What is left to keep is its state, in a file beside what it writes.
"""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.files import is_made, load_state, save_checkpoint, save_state

Item = TypeVar("Item")
Record = TypeVar("Record")
Record_co = TypeVar("Record_co", covariant=True)

STATE_SUFFIX = ".training-state.pt"
"""Of the state's file, after the name of the file that it ends in."""


class Learner(Protocol[Record_co]):
    """All that changes while something learns."""

    def is_done(self) -> bool:
        """Tell whether nothing is left to learn."""

    def advance(self, should_stop: Callable[[], bool], keep: Callable[[], None]) -> Record_co:
        """Learn up to the next epoch and describe it; InterruptedError where ``should_stop`` says so.

        ``keep`` saves the state, for a learner that can go on from within an epoch.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return all that going on needs: tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""


@dataclasses.dataclass(frozen=True)
class StateFile:
    """The file in which a training keeps its state, under the marks that say which training it is."""

    path: Path
    marks: Mapping[str, Any]

    def save(self, learner: Learner[Any]) -> None:
        """Write the learner's state, whole or not at all."""
        save_state(self.path, {**self.marks, **learner.state_dict()})

    def restore(self, learner: Learner[Any]) -> None:
        """Put the learner where the file says; a damaged file, or another training's, is as good as none."""
        try:
            state = load_state(self.path)
        except (FileNotFoundError, ValueError):
            return
        if all(state.get(name) == value for name, value in self.marks.items()):
            learner.load_state_dict(state)


def learn(
    learner: Learner[Record],
    state: StateFile,
    *,
    should_stop: Callable[[], bool] | None = None,
    on_epoch: Callable[[Record], None] | None = None,
) -> None:
    """Let ``learner`` learn to its end, from where its state was left, if it was.

    ``on_epoch`` is called after every epoch, its state being safe. Errors as the learner's ``advance``.
    """
    state.restore(learner)
    while not learner.is_done():
        record = learner.advance(should_stop or (lambda: False), lambda: state.save(learner))
        state.save(learner)
        if on_epoch is not None:
            on_epoch(record)


class EpochLearner(ABC, Generic[Record]):
    """Learns in epochs that can each be repeated, and ends in one file."""

    what: ClassVar[str]
    """What is trained, in a sentence: ``generator``."""
    libraries: ClassVar[tuple[ModuleType, ...]] = (np, torch)
    """Libraries whose versions the file records."""

    def __init__(self, record: type[Record], epochs: int) -> None:
        self.epochs = epochs
        self.history: list[Record] = []
        self._record: Any = record

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return len(self.history)

    def is_done(self) -> bool:
        """Tell whether all epochs are over."""
        return self.epoch == self.epochs

    def advance(self, should_stop: Callable[[], bool], keep: Callable[[], None]) -> Record:
        """Take one epoch and enter it in the history; a stop loses the epoch that it falls in."""
        del keep  # the state of a whole epoch alone is one to go on from
        record = self.run_epoch(should_stop)
        self.check(record)
        self.history.append(record)
        return record

    def interruptible(
        self, steps: Iterable[Item], should_stop: Callable[[], bool]
    ) -> Iterator[Item]:
        """Yield the steps of an epoch; InterruptedError before the first at which to stop."""
        for step in steps:
            if should_stop():
                raise InterruptedError(
                    f"Training the {self.what} stopped in epoch {self.epoch + 1}."
                )
            yield step

    @abstractmethod
    def run_epoch(self, should_stop: Callable[[], bool]) -> Record:
        """Take the steps of an epoch; its random choices depend on seed and epoch alone."""

    def check(self, record: Record) -> None:
        """Raise FloatingPointError where the training has diverged, with a remedy."""

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """Return what the file keeps."""

    @abstractmethod
    def training_state(self) -> dict[str, Any]:
        """Return all that changes but the history."""

    @abstractmethod
    def load_training_state(self, state: dict[str, Any]) -> None:
        """Go on from what training_state gave."""

    def describe(self) -> dict[str, str]:
        """Return how it went and what it ran on, for the file's header."""
        versions = {library.__name__: library.__version__ for library in self.libraries}
        return {"history": json.dumps(self._records()), "versions": json.dumps(versions)}

    def state_dict(self) -> dict[str, Any]:
        """Return the history and all else that going on needs."""
        return {"history": self._records(), "training": self.training_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave after so many epochs."""
        self.load_training_state(state["training"])
        self.load_history(state["history"])

    def load_history(self, records: list[dict[str, Any]]) -> None:
        """Take up a history of fields."""
        self.history = [self._record(**record) for record in records]

    def _records(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(record) for record in self.history]  # type: ignore[call-overload]


def train_file(
    path: Path,
    identity: dict[str, str],
    begin: Callable[[], EpochLearner[Record]],
    *,
    should_stop: Callable[[], bool] | None = None,
    on_epoch: Callable[[Record, EpochLearner[Record]], None] | None = None,
) -> None:
    """Write ``path`` (safetensors) from what ``begin`` makes, unless ``identity`` made it before.

    ``identity``: all that the file depends on, as strings without times and paths; it stands in its header.
    A state beside ``path`` keeps the last whole epoch and goes when the file is there.
    """
    state = StateFile(path.with_name(path.name + STATE_SUFFIX), {"identity": identity})
    if not is_made(path, identity):
        learner = begin()
        follow = None if on_epoch is None else (lambda record: on_epoch(record, learner))
        learn(learner, state, should_stop=should_stop, on_epoch=follow)
        # tensors first: what they are made with may be described, too
        tensors = learner.tensors()
        save_checkpoint(path, tensors, {**identity, **learner.describe()})
    state.path.unlink(missing_ok=True)
