"""The loop in which everything learns: stopped and killed anywhere, it ends with the same file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeatlas.snn.files import load_checkpoint, load_state, read_metadata, save_state
from spikeatlas.snn.training.resumable import (
    STATE_SUFFIX,
    EpochLearner,
    StateFile,
    learn,
    train_file,
)

IDENTITY = {"seed": "1", "study": "s"}


@dataclasses.dataclass(frozen=True)
class Pass:
    epoch: int
    total: float


class Adder(EpochLearner[Pass]):
    """Adds random numbers up, three an epoch."""

    what = "sum"

    def __init__(self, epochs: int = 3) -> None:
        super().__init__(Pass, epochs)
        self.total = torch.zeros(2)

    def run_epoch(self, should_stop: Callable[[], bool]) -> Pass:
        rng = np.random.default_rng(self.epoch)
        for _ in self.interruptible(range(3), should_stop):
            self.total += torch.from_numpy(rng.random(2, np.float32))
        return Pass(self.epoch + 1, float(self.total.sum()))

    def check(self, record: Pass) -> None:
        if record.total > 100:
            raise FloatingPointError("too much")

    def tensors(self) -> dict[str, Tensor]:
        return {"total": self.total}

    def training_state(self) -> dict[str, Any]:
        return {"total": self.total}

    def load_training_state(self, state: dict[str, Any]) -> None:
        self.total = state["total"]


def train(path: Path, identity: dict[str, str] = IDENTITY, **options: Any) -> bytes:
    train_file(path, identity, Adder, **options)
    return path.read_bytes()


def after(steps: int) -> Callable[[], bool]:
    answers = iter([False] * steps)
    return lambda: next(answers, True)


@pytest.mark.parametrize("steps", range(9))
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path, steps: int) -> None:
    whole = train(tmp_path / "whole")
    path = tmp_path / "sum"
    with pytest.raises(
        InterruptedError, match=f"Training the sum stopped in epoch {steps // 3 + 1}"
    ):
        train(path, should_stop=after(steps))
    assert not path.exists()
    epochs: list[int] = []
    assert train(path, on_epoch=lambda record, _: epochs.append(record.epoch)) == whole
    assert epochs == list(range(steps // 3 + 1, 4))
    assert not path.with_name(path.name + STATE_SUFFIX).exists()


def test_killed_between_epochs_it_goes_on_after_the_last(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole")

    def kill(record: Pass, learner: EpochLearner[Pass]) -> None:
        assert learner.history[-1] == record
        if record.epoch == 2:
            raise KeyboardInterrupt

    path = tmp_path / "sum"
    with pytest.raises(KeyboardInterrupt):
        train(path, on_epoch=kill)
    state = load_state(path.with_name(path.name + STATE_SUFFIX))
    assert state["identity"] == IDENTITY
    assert len(state["history"]) == 2
    assert train(path) == whole


def test_a_file_of_the_same_identity_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sum"
    train(path)
    train(path, should_stop=lambda: True)
    stamp = path.stat().st_mtime_ns
    with pytest.raises(InterruptedError):
        train(path, {**IDENTITY, "seed": "2"}, should_stop=lambda: True)
    assert path.stat().st_mtime_ns == stamp


def test_a_state_of_another_identity_is_none(tmp_path: Path) -> None:
    path = tmp_path / "sum"
    with pytest.raises(InterruptedError):
        train(path, {**IDENTITY, "seed": "2"}, should_stop=after(7))
    epochs: list[int] = []
    train(path, on_epoch=lambda record, _: epochs.append(record.epoch))
    assert epochs == [1, 2, 3]


@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_a_state_that_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    state = tmp_path / f"sum{STATE_SUFFIX}"
    if content is None:
        save_state(state, {"of": "another program"})
    else:
        state.write_bytes(content)
    assert train(tmp_path / "sum") == train(tmp_path / "whole")


def test_the_file_tells_how_it_went(tmp_path: Path) -> None:
    path = tmp_path / "sum"
    train(path)
    metadata = read_metadata(path)
    assert metadata.items() >= IDENTITY.items()
    assert metadata["history"].count("epoch") == 3
    assert torch.__version__ in metadata["versions"]
    assert load_checkpoint(path)[0]["total"].shape == (2,)


def test_what_diverged_is_not_entered(tmp_path: Path) -> None:
    class Wild(Adder):
        def run_epoch(self, should_stop: Callable[[], bool]) -> Pass:
            return dataclasses.replace(super().run_epoch(should_stop), total=1000.0 * self.epoch)

    path = tmp_path / "sum"
    with pytest.raises(FloatingPointError, match="too much"):
        train_file(path, IDENTITY, Wild)
    assert not path.exists()
    assert len(load_state(path.with_name(path.name + STATE_SUFFIX))["history"]) == 1


def test_a_learner_may_save_within_an_epoch(tmp_path: Path) -> None:
    class Careful(Adder):
        def advance(self, should_stop: Callable[[], bool], keep: Callable[[], None]) -> Pass:
            self.total += 1
            keep()
            return super().advance(should_stop, keep)

    state = StateFile(tmp_path / "state", {"study": "s"})
    with pytest.raises(InterruptedError):
        learn(Careful(), state, should_stop=lambda: True)
    saved = load_state(state.path)
    assert saved["study"] == "s"
    assert saved["training"]["total"].tolist() == [1, 1]
