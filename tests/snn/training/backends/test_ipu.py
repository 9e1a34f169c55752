"""The contract with PopTorch, held against a stand-in of ours: nothing here has run on an IPU."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.snn.files import load_checkpoint
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.neurons import SURROGATES
from spikeatlas.snn.training import BACKENDS, TrainingSpec, list_epochs, train_network
from spikeatlas.snn.training.backends.ipu import Traceable
from spikeatlas.tasks.study.study import StudyError
from tests.snn.nets import toy_data
from tests.tiny import tiny


class TrainingModel:
    """PopTorch's training model: one call is a whole step, on a copy of the weights."""

    calls: ClassVar[list[tuple[tuple[int, ...], torch.dtype]]] = []

    def __init__(self, model: nn.Module, options: object, optimizer: torch.optim.Optimizer) -> None:
        assert isinstance(options, Options)
        self.model, self.optimizer = model, optimizer
        self.there: list[Tensor] | None = None

    def __call__(self, inputs: Tensor, labels: Tensor) -> Tensor:
        self.calls.append((tuple(inputs.shape), inputs.dtype))
        home = [parameter.detach().clone() for parameter in self.model.parameters()]
        if self.there is not None:
            self._write(self.there)
        loss: Tensor = self.model(inputs, labels)
        assert loss.marked  # type: ignore[attr-defined]
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.there = [parameter.detach().clone() for parameter in self.model.parameters()]
        self._write(home)
        return loss.detach()

    def _write(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.model.parameters(), values, strict=True):
                parameter.copy_(value)

    def isAttachedToDevice(self) -> bool:  # noqa: N802 - PopTorch's name
        return self.there is not None

    def copyWeightsToHost(self) -> None:  # noqa: N802 - PopTorch's name
        assert self.there is not None
        self._write(self.there)

    def setOptimizer(self, optimizer: torch.optim.Optimizer) -> None:  # noqa: N802 - PopTorch's name
        self.optimizer = optimizer


class Options:
    """PopTorch's options, all as they are by themselves."""


def identity_loss(loss: Tensor, reduction: str) -> Tensor:
    assert reduction == "none"
    loss.marked = True  # type: ignore[attr-defined]
    return loss


@pytest.fixture
def poptorch(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module: Any = ModuleType("poptorch")
    module.__spec__ = ModuleSpec("poptorch", None)
    module.trainingModel, module.Options = TrainingModel, Options
    module.identity_loss, module.optim = identity_loss, torch.optim
    module.ipuHardwareIsAvailable = lambda: True
    monkeypatch.setitem(sys.modules, "poptorch", module)
    TrainingModel.calls.clear()
    stand_in: ModuleType = module
    return stand_in


def train(
    folder: Path,
    should_stop: Callable[[], bool] | None = None,
    coding: Any = "current",
    **fields: Any,
) -> list[Path]:
    network = NetworkSpec(channels=(3,), hidden=(4,), time_steps=4, coding=coding)
    training = TrainingSpec(**{"epochs": 2, "batch_size": 12, "backend": "ipu", **fields})
    train_network(
        network, training, toy_data(), folder=folder, seed=0, study="s", should_stop=should_stop
    )
    return list(list_epochs(folder).values())


def test_without_poptorch_it_is_a_sentence(tmp_path: Path) -> None:
    assert importlib.util.find_spec("poptorch") is None
    with pytest.raises(StudyError) as caught:
        check(tiny(tmp_path / "run", training={"backend": "ipu"}))
    (sentence,) = caught.value.problems
    assert sentence.startswith(
        "training.backend: ipu needs an IPU and PopTorch, of Graphcore's Poplar SDK"
    )
    assert "not on PyPI" in sentence
    assert not (tmp_path / "run").exists()


def test_without_an_ipu_it_is_a_sentence(poptorch: Any) -> None:
    poptorch.ipuHardwareIsAvailable = lambda: False
    (sentence,) = BACKENDS.read("ipu").problems()
    assert "PopTorch finds none on this machine" in sentence


@pytest.mark.usefixtures("poptorch")
def test_batches_are_of_one_size_and_in_half_precision(tmp_path: Path) -> None:
    train(tmp_path, epochs=1)  # 40 images
    assert TrainingModel.calls == [((1, 12, 1, 8, 8), torch.float16)] * 4


@pytest.mark.usefixtures("poptorch")
def test_its_training_is_the_processors(tmp_path: Path) -> None:
    # whole batches, and spikes, which half precision does not round
    fields: dict[str, Any] = {"batch_size": 10, "coding": "poisson"}
    there = train(tmp_path / "ipu", **fields)
    here = train(tmp_path / "cpu", backend="fused", **fields)
    for one, other in zip(there, here, strict=True):
        tensors, expected = load_checkpoint(one)[0], load_checkpoint(other)[0]
        for name, values in expected.items():
            torch.testing.assert_close(tensors[name], values, rtol=0, atol=1e-5)
    assert there[0].read_bytes() != there[2].read_bytes()


@pytest.mark.usefixtures("poptorch")
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path) -> None:
    whole = [path.read_bytes() for path in train(tmp_path / "whole")]
    for steps in (0, 3, 5):
        left = iter(range(steps))
        with pytest.raises(InterruptedError):
            train(tmp_path / str(steps), lambda left=left: next(left, None) is None)  # type: ignore[misc]
        assert [path.read_bytes() for path in train(tmp_path / str(steps))] == whole


@pytest.mark.parametrize("kind", SURROGATES.members)
@pytest.mark.parametrize("closed", [True, False])
def test_ordinary_operations_have_the_same_gradient(kind: str, *, closed: bool) -> None:
    surrogate = SURROGATES.read(kind)
    slopes = []
    for fire in (surrogate.fire, Traceable(inner=surrogate).fire):
        excess = torch.linspace(-2, 2, 41).requires_grad_()
        spikes = fire(excess, closed=closed)
        assert torch.equal(spikes, ((excess >= 0) if closed else (excess > 0)).float())
        (spikes * torch.linspace(1, 3, 41)).sum().backward()
        slopes.append(excess.grad)
    torch.testing.assert_close(*slopes)
