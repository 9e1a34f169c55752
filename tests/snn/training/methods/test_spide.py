"""SPIDE trains a feedback network by spikes, as well as its exact oracle does."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from spikeatlas.snn.coding import encode
from spikeatlas.snn.data import DataSet, Digits, load_data
from spikeatlas.snn.networks import Architecture, FeedbackArchitecture, FeedbackNetwork, NetworkSpec
from spikeatlas.snn.training import (
    Assignment,
    Lesson,
    StepLearner,
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    train_network,
)
from spikeatlas.snn.training.methods import Spide
from spikeatlas.snn.training.methods.spide import SpideTeacher
from tests.snn import brought, nets
from tests.snn.networks.feedback.feedback_nets import feedback_network

SPEC = FeedbackArchitecture(units=12, time_steps=6)
TRAINING = TrainingSpec(epochs=2, batch_size=12, lr=0.05, method=Spide(steps=20))


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_data(Digits())


def lesson(data: DataSet, *, batch_size: int = 64, **fields: Any) -> StepLearner:
    spec = TrainingSpec(epochs=20, batch_size=batch_size, lr=0.1, method=Spide(**fields))
    return StepLearner(Lesson(FeedbackArchitecture(), spec, data, 0, "s"))


def test_it_learns_digits_with_few_spikes_backward(digits: DataSet) -> None:
    """One layer of 100 units, T = 30, 100 steps backward, scale 100: the published settings."""
    learner = lesson(digits)

    learner.train(learner.step_of(20))

    teacher = learner._teacher
    assert isinstance(teacher, SpideTeacher)
    assert teacher.adjoint is not None
    assert 0.002 < teacher.adjoint.activity.firing < 0.2
    assert teacher.adjoint.activity.saturation < 0.01
    header = learner.header(20)
    assert header.accuracy >= 0.93
    # feedback has a part in it: without it, images are read less surely
    assert isinstance(learner.network, FeedbackNetwork)
    with torch.no_grad():
        learner.network.feedback.weight.zero_()
    assert learner.header(20).loss > 1.05 * header.loss


def test_the_exact_mode_takes_the_same_course(digits: DataSet) -> None:
    headers = []
    for fields in ({}, {"mode": "exact"}):
        learner = lesson(digits, **fields)
        learner.train(learner.step_of(3))
        headers.append(learner.header(3))

    spikes, exact = headers
    assert exact.accuracy > 0.85
    assert spikes.accuracy == pytest.approx(exact.accuracy, abs=0.02)
    assert spikes.loss == pytest.approx(exact.loss, rel=0.2)


def teacher(network: FeedbackNetwork, **fields: Any) -> SpideTeacher:
    loss = lambda outputs, labels: functional.cross_entropy(network.scores(outputs), labels)
    method = Spide(**{"momentum": 0, "weight_decay": 0, **fields})
    return method.begin(Assignment(network, network, loss, lr=1.0, steps=100))


def batch(network: FeedbackNetwork, count: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    return encode(network, nets.noise_images(count, (1, 8, 8))), torch.arange(count) % 10


def test_a_step_is_the_slope_whatever_the_scale() -> None:
    """Gradients by 2,000 spikes of any scale are the exact ones; the loss that is told is not scaled."""
    changes, losses = [], []
    for fields in ({"mode": "exact"}, *({"steps": 2000, "loss_scale": scale} for scale in (3, 30))):
        network = feedback_network(units=30, time_steps=20, feedback_norm=50.0)
        before = {name: values.clone() for name, values in network.state_dict().items()}
        losses.append(teacher(network, **fields).step(*batch(network)))
        changes.append(
            {name: values - before[name] for name, values in network.state_dict().items()}
        )

    assert losses[0] == losses[1] == losses[2]
    for name in ("fc1.weight", "fc1.bias", "feedback.weight", "fc.weight"):
        scale = float(changes[0][name].abs().max())
        assert scale > 0
        for change in changes[1:]:
            torch.testing.assert_close(change[name], changes[0][name], rtol=0, atol=0.03 * scale)


def test_feedback_weights_stay_within_their_norm() -> None:
    network = feedback_network(units=30, feedback_norm=0.7)
    one = teacher(network, mode="exact", momentum=0.9)
    norms = []
    for _ in range(10):
        one.step(*batch(network))
        norms.append(float(torch.linalg.norm(network.feedback.weight.detach())))
    assert max(norms) <= 0.7 + 1e-6
    assert min(norms) > 0.5


def test_saturated_units_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "spikeatlas")
    for scale in (10.0, 1000.0):
        network = feedback_network(units=30)
        one = teacher(network, loss_scale=scale)
        one.step(*batch(network))
        one.settle()
        one.settle()
        teacher(network, mode="exact").settle()

    (message,) = caplog.messages
    assert "of the units spike at every step backward" in message
    assert message.endswith("lower loss_scale, which is 1000")


def train(
    folder: Path, should_stop: Callable[[], bool] | None = None, **fields: Any
) -> list[bytes]:
    spec = dataclasses.replace(TRAINING, **fields)
    train_network(
        SPEC,
        spec,
        nets.toy_data(),
        folder=folder,
        seed=0,
        study="s",
        epochs=(0.5,),
        should_stop=should_stop,
    )
    return [path.read_bytes() for path in list_epochs(folder).values()]


@pytest.mark.parametrize("mode", ["spikes", "exact"])
def test_stopped_or_killed_at_any_step_it_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    monkeypatch.setattr("spikeatlas.snn.training.methods.step_learner._STEPS_BETWEEN_SAVES", 2)
    method = Spide(mode=mode)
    whole = train(tmp_path / "whole", method=method)
    assert len(set(whole)) == 4
    for number, error in enumerate([InterruptedError, StopIteration] * 3):
        steps = iter([False] * (number + 1))
        stop = {
            InterruptedError: lambda steps=steps: next(steps, True),
            StopIteration: lambda steps=steps: next(steps),
        }[error]
        folder = tmp_path / str(number)
        with pytest.raises(error):
            train(folder, stop, method=method)
        assert train(folder, method=method) == whole


def test_a_checkpoint_is_shown_other_numbers_of_steps(tmp_path: Path) -> None:
    train(tmp_path)
    images = nets.noise_images(8, (1, 8, 8))
    rates = []
    for steps in (6, 30, 600):
        spec = dataclasses.replace(SPEC, time_steps=steps)
        network = load_network(epoch_path(tmp_path, 2), spec, (1, 8, 8), 2)
        assert isinstance(network, FeedbackNetwork)
        ((_, spikes),) = network.capture(encode(network, images))
        rates.append(spikes.mean(0))

    apart = [float((row - rates[-1]).abs().max()) for row in rates]
    assert apart[0] > apart[1] > 0
    other = dataclasses.replace(SPEC, units=13)
    with pytest.raises(ValueError, match=r"fc1\.weight has shape \(12, 64\), not \(13, 64\)"):
        load_network(epoch_path(tmp_path, 2), other, (1, 8, 8), 2)


def test_a_loss_that_is_not_finite_ends_in_a_sentence(tmp_path: Path) -> None:
    quiet = brought.Quiet(kind="tests.snn.brought:Quiet", weight=float("inf"))
    with pytest.raises(FloatingPointError, match=r"lower training\.lr"):
        train(tmp_path, objectives=(quiet,))


@pytest.mark.parametrize(
    ("network", "fields", "sentence"),
    [
        (SPEC, {"method": "backprop"}, "training.method: backprop cannot train such a network; choose spide"),
        (NetworkSpec(), {"method": "spide"}, "training.method: spide follows the equilibrium of a network with feedback, which"),
        (SPEC, {"method": "spide", "surrogate": "atan"}, "training.surrogate: spide does not read it; leave it out"),
        (SPEC, {"method": "spide", "backend": "eager"}, "training.backend: spide does not read it; leave it out"),
        (SPEC, {"method": {"kind": "spide", "mode": "exact", "loss_scale": 7}}, "training.method.loss_scale: mode exact"),
        (SPEC, {"method": {"kind": "spide", "mode": "exact", "steps": 7}}, "training.method.steps: mode exact"),
        (SPEC, {"method": "spide", "objectives": ["hebbian"]}, "hebbian"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(
    network: Architecture, fields: dict[str, Any], sentence: str
) -> None:
    (problem,) = TrainingSpec(**fields).problems(network)
    assert sentence in problem


def test_its_settings_are_checked() -> None:
    assert TrainingSpec(method=Spide(mode="exact")).problems(SPEC) == []
    assert TRAINING.problems(SPEC) == TRAINING.backend_problems(SPEC) == []
    for fields in ({"steps": 0}, {"loss_scale": 0}, {"mode": "ide"}, {"momentum": 1}):
        with pytest.raises(ValueError, match=next(iter(fields))):
            Spide(**fields)  # type: ignore[arg-type]
