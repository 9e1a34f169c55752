"""What every training method does, those built in and one that a user brings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional

from spikeatlas.snn.networks import Architecture, NetworkSpec
from spikeatlas.snn.training import (
    OBJECTIVES,
    TRAINING_METHODS,
    Assignment,
    TrainingMethod,
    TrainingSpec,
    epoch_path,
    list_epochs,
    read_header,
    train_network,
)
from tests.snn import brought, nets

SPEC = NetworkSpec(channels=(3, 4), hidden=(6,), time_steps=5)
UNITS = {"channels": (), "hidden": (6,), "bias": False, "time_steps": 8}
NETWORKS = {
    "desire": NetworkSpec(**UNITS, coding="integrate-and-fire", neuron={"kind": "desire-if"}),  # type: ignore[arg-type]
}
"""Networks of methods that do not train ``SPEC``."""
BROUGHT = "tests.snn.brought:SignDescent"


def is_trained(kind: str, network: NetworkSpec) -> bool:
    """Tell whether a method built in trains a network, from one batch after another."""
    learner = TRAINING_METHODS.members[kind].learner
    return learner is TrainingMethod.learner and not TRAINING_METHODS.read(kind).problems(network)


# methods with a course of their own, or for another architecture, have tests of their own
MEMBERS = TRAINING_METHODS.members
KINDS = [*(kind for kind in MEMBERS if is_trained(kind, NETWORKS.get(kind, SPEC))), BROUGHT]
DESCENTS = [*(kind for kind in MEMBERS if is_trained(kind, SPEC)), BROUGHT]
"""Those that lower the study's loss."""


def train(
    folder: Path, should_stop: Callable[[], bool] | None = None, **fields: Any
) -> list[bytes]:
    spec = TrainingSpec(**{"epochs": 2, "batch_size": 12, **fields})
    train_network(
        NETWORKS.get(spec.method.kind, SPEC),
        spec,
        nets.toy_data(),
        folder=folder,
        seed=0,
        study="s",
        should_stop=should_stop,
    )
    return [path.read_bytes() for path in list_epochs(folder).values()]


def after(steps: int) -> Callable[[], bool]:
    left = iter(range(steps))
    return lambda: next(left, None) is None


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path, kind: str) -> None:
    whole = train(tmp_path / "whole", method=TRAINING_METHODS.read(kind))
    for steps in (0, 3, 5, 7):
        folder = tmp_path / str(steps)
        with pytest.raises(InterruptedError):
            train(folder, after(steps), method=TRAINING_METHODS.read(kind))
        assert train(folder, method=TRAINING_METHODS.read(kind)) == whole
    assert len(set(whole)) == 3


@pytest.mark.parametrize("kind", DESCENTS)
def test_a_step_says_its_loss_and_lowers_it(kind: str) -> None:
    method = TRAINING_METHODS.read(kind)
    network = nets.network(channels=(3, 4), hidden=(6,))
    random = torch.Generator().manual_seed(0)
    inputs = 2 * torch.rand((1, 16, 1, 8, 8), generator=random)
    labels = torch.arange(16) % 10
    loss = lambda spikes, labels: functional.cross_entropy(spikes.sum(0), labels)
    teacher = method.begin(Assignment(network, network, loss, lr=1e-3, steps=20))
    expected = float(loss(network(inputs), labels).detach())
    losses = [teacher.step(inputs, labels) for _ in range(20)]
    assert losses[0] == expected
    assert min(losses) < losses[0]
    assert method.axis.name
    assert method.problems(SPEC) == []


@pytest.mark.parametrize("kind", DESCENTS)
def test_a_loss_that_is_not_finite_ends_in_a_sentence(tmp_path: Path, kind: str) -> None:
    method = TRAINING_METHODS.read(kind)
    quiet = brought.Quiet(kind="tests.snn.brought:Quiet", weight=float("inf"))
    with pytest.raises(FloatingPointError, match=r"lower training\.lr"):
        train(tmp_path, method=method, objectives=(quiet,))


def test_a_callback_that_makes_it_diverge_is_named(tmp_path: Path) -> None:
    demp: Any = {"kind": "demp", "noise": 1e308}
    sentence = r"lr, which is 0\.002, or penalty of demp in training\.callbacks, which is 0\.1, or noise of demp .*1e\+308\."
    with pytest.raises(FloatingPointError, match=sentence):
        train(tmp_path, callbacks=(demp,))


NUMBERS = [
    (kind, field.name)
    for kind, member in MEMBERS.items()
    for field in dataclasses.fields(member)  # type: ignore[arg-type]
    if isinstance(field.default, float)
]


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
@pytest.mark.parametrize("value", ["inf", "nan"])
def test_numbers_are_finite(kind: str, name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        TRAINING_METHODS.read({"kind": kind, name: float(value)})


def test_a_network_that_a_method_cannot_train_is_refused(tmp_path: Path) -> None:
    spec = TrainingSpec(method=TRAINING_METHODS.read("tests.snn.brought:SignDescent"))
    network = dataclasses.replace(SPEC, coding="poisson")
    with pytest.raises(ValueError, match="does not train on poisson; choose current"):
        train_network(network, spec, nets.toy_data(), folder=tmp_path, seed=0, study="s")
    assert not list(tmp_path.iterdir())


def test_the_backends_agree(tmp_path: Path) -> None:
    accuracy = []
    for backend in ("fused", "eager"):
        train(tmp_path / backend, backend=backend)
        accuracy.append(read_header(epoch_path(tmp_path / backend, 2)).accuracy)
    assert accuracy[0] == pytest.approx(accuracy[1], abs=0.1)


def test_objectives_are_added_up(tmp_path: Path) -> None:
    quiet = brought.Quiet(kind="tests.snn.brought:Quiet", weight=50)
    plain, both = (
        train(tmp_path / name, objectives=objectives)
        for name, objectives in (
            ("plain", (OBJECTIVES.read("cross-entropy"),)),
            ("both", (OBJECTIVES.read("cross-entropy"), quiet)),
        )
    )
    assert plain[0] == both[0]
    assert plain[2] != both[2]


def test_callbacks_look_at_every_epoch(tmp_path: Path) -> None:
    brought.LOOKED.clear()
    spied = train(
        tmp_path / "spied", callbacks=(brought.Counter(kind="tests.snn.brought:Counter"),)
    )
    assert brought.LOOKED == [(0, 15), (1, 15), (2, 15)]
    assert spied == train(tmp_path / "alone")


class Stages(brought.SignDescent):
    """Leaves checkpoints at places of its own, and only there."""

    between = False
    unused = ("objectives", "surrogate")

    def places(self, network: Architecture, epochs: int) -> tuple[float, ...]:
        del network
        return (0.0, 0.5, float(epochs))


class Exclusive(NetworkSpec):
    methods = ("stages",)


STAGES = TrainingSpec(epochs=2, batch_size=12, method=Stages(kind="stages"))


def test_checkpoints_stand_where_the_method_leaves_them(tmp_path: Path) -> None:
    train_network(SPEC, STAGES, nets.toy_data(), folder=tmp_path, seed=0, study="s")
    assert list(list_epochs(tmp_path)) == [0, 0.5, 2]
    with pytest.raises(
        ValueError, match=r"epochs: 0\.7 has no checkpoint, for stages leaves one at"
    ):
        train_network(
            SPEC, STAGES, nets.toy_data(), folder=tmp_path, seed=0, study="s", epochs=[0.7]
        )


def test_places_without_a_checkpoint_are_named() -> None:
    assert STAGES.place_problems(SPEC, [0.5, 2]) == []
    sentence = "1, 3 has no checkpoint, for stages leaves one at each pass; choose among 0, 0.5, 2"
    assert STAGES.place_problems(SPEC, [1, 2, 3]) == [sentence]
    sentence = "3 has no checkpoint, for training.epochs is 2; choose 0 to 2, or train longer"
    assert TrainingSpec(epochs=2).place_problems(SPEC, [1.5, 3]) == [sentence]


def test_fields_that_a_method_does_not_read_are_named() -> None:
    quiet = brought.Quiet(kind="tests.snn.brought:Quiet", weight=1)
    spec = dataclasses.replace(STAGES, objectives=(quiet,))
    assert STAGES.problems(SPEC) == []
    assert spec.problems(SPEC) == ["training.objectives: stages does not read it; leave it out"]


def test_a_network_of_one_method_is_trained_by_no_other() -> None:
    network = Exclusive(channels=(3, 4), hidden=(6,), time_steps=5)
    assert STAGES.problems(network) == []
    sentence = "training.method: backprop cannot train such a network; choose stages"
    assert TrainingSpec().problems(network) == [sentence]
