"""Desire backpropagation: a step is the plain loop's, the digits are learnt, and what it cannot train is refused."""

from __future__ import annotations

import dataclasses
import logging
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from spikeatlas.snn.data import DATASETS
from spikeatlas.snn.networks import NetworkSpec, ResNetArchitecture
from spikeatlas.snn.training import (
    TRAINING_METHODS,
    Assignment,
    Teacher,
    TrainingSpec,
    epoch_path,
    list_epochs,
    read_header,
    train_network,
)
from tests.snn import nets
from tests.snn.training.desires.plain_desire import PlainDesire

FIELDS: dict[str, Any] = {
    "channels": (),
    "hidden": (256,),
    "neuron": {"kind": "desire-if"},
    "time_steps": 20,
    "coding": "integrate-and-fire",
    "bias": False,
}
SPEC = NetworkSpec(**FIELDS)


def teacher(network: Any, **fields: Any) -> Teacher:
    method = TRAINING_METHODS.read({"kind": "desire", **fields})
    unused = lambda *_: pytest.fail("desire takes no gradient")
    return method.begin(
        Assignment(network, unused, unused, lr=1e-3, steps=8, epoch_steps=2, seed=3)
    )


def test_two_steps_are_the_plain_loop_s() -> None:
    fields = FIELDS | {"hidden": (9, 7), "time_steps": 12}
    network = nets.network((1, 2, 3), **fields)
    inputs = (
        torch.rand((12, 8, 1, 2, 3), generator=torch.Generator().manual_seed(0)) < 0.5
    ).float()
    labels, learning = torch.arange(8), teacher(network, lr_decay=0.5)
    for step in range(4):
        plain = PlainDesire([layer.operator.weight.tolist() for layer in network], 12)
        for image, label in enumerate(labels.tolist()):
            plain.show(inputs[:, image].flatten(1).tolist(), label)
        before = [layer.operator.weight.detach().clone() for layer in network]
        learning.step(inputs, labels)
        rate = 1e-3 * math.exp(-0.5 * (step // 2))
        for layer, weight, change in zip(network, before, plain.changes, strict=True):
            expected = weight + rate * torch.tensor(change)
            torch.testing.assert_close(layer.operator.weight.detach(), expected)
            assert not torch.equal(layer.operator.weight, weight)


def test_the_loss_is_the_mean_error_of_the_output() -> None:
    network = nets.network((1, 2, 3), **FIELDS | {"hidden": (9,)})
    inputs = torch.zeros((20, 4, 1, 2, 3))
    # no spike: the right class of ten lacks all of its spikes
    assert teacher(network).step(inputs, torch.arange(4)) == pytest.approx(0.1)


def test_the_digits_are_learnt(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The bar of the rules' sheet: at least 0.90 at the last of 30 epochs with 64-256-10."""
    spec = TrainingSpec(epochs=30, batch_size=32, lr=1e-5, method=TRAINING_METHODS.read("desire"))
    with caplog.at_level(logging.INFO, "spikeatlas"):
        train_network(
            SPEC, spec, DATASETS.read("digits").load(), folder=tmp_path, seed=0, study="s"
        )
    header = read_header(epoch_path(tmp_path, 30))
    assert header.accuracy >= 0.90
    assert header.images_seen == 30 * 1347
    told = [record.message for record in caplog.records if record.message.startswith("desire")]
    assert len(told) == 30
    assert told[-1].startswith("desire, epoch 30: wishes to spike of units without a spike")


def test_dropout_derives_from_seed_and_step(tmp_path: Path) -> None:
    def trained(folder: Path, seed: int, stop_after: int | None = None) -> list[bytes]:
        spec = TrainingSpec(
            epochs=2,
            batch_size=12,
            lr=1e-3,
            method=TRAINING_METHODS.read({"kind": "desire", "dropout": 0.4}),
        )
        steps = iter(range(stop_after or 1_000))
        stop = lambda: next(steps, None) is None
        data = nets.toy_data()
        train_network(SPEC, spec, data, folder=folder, seed=seed, study="s", should_stop=stop)
        return [path.read_bytes() for path in list_epochs(folder).values()]

    whole = trained(tmp_path / "whole", 0)
    with pytest.raises(InterruptedError):
        trained(tmp_path / "stopped", 0, stop_after=5)
    assert trained(tmp_path / "stopped", 0) == whole
    assert trained(tmp_path / "again", 0) == whole
    assert trained(tmp_path / "other", 1) != whole


def test_dropout_takes_out_as_many_as_it_says_and_leaves_the_sum() -> None:
    network = nets.network((1, 2, 3), **FIELDS | {"hidden": (400, 300)})
    learning: Any = teacher(network, dropout=[0.0, 0.25])
    first, second = learning._masks(50)
    assert set(first.unique().tolist()) == {1.0}
    assert float((second == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert second.unique().tolist() == pytest.approx([0, 4 / 3])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"neuron": {"kind": "leaky"}},
            "network.neuron: desire trains desire-if neurons, not leaky",
        ),
        ({"channels": (4,)}, "network.channels: desire trains no convolutions here"),
        ({"norm": "batch"}, "network.norm: "),
        ({"bias": True}, "network.bias: desire has no rule for biases; set bias: false"),
        ({"decoding": "membrane"}, "network.decoding: desire counts the spikes of one output"),
        ({"coding": "current"}, "network.coding: the traces of desire are of input spikes"),
        ({"time_steps": 4}, "training.method: spare_steps is 4, which leaves a unit no spike"),
    ],
)
def test_a_network_that_it_cannot_train_is_refused(fields: dict[str, Any], sentence: str) -> None:
    spec = TrainingSpec(method=TRAINING_METHODS.read("desire"))
    (problem,) = spec.problems(NetworkSpec(**FIELDS | fields))
    assert problem.startswith(sentence)
    assert spec.problems(SPEC) == []


def test_an_output_that_cannot_spike_as_often_as_it_is_wished_is_refused() -> None:
    deep = NetworkSpec(**FIELDS | {"hidden": (5, 4), "time_steps": 9})
    for spare, refused in ((2, True), (3, False)):
        method = TRAINING_METHODS.read({"kind": "desire", "spare_steps": spare})
        problems = TrainingSpec(method=method).problems(deep)
        assert [problem[-24:] for problem in problems] == [
            "steps; set it to 3 or more"[-24:]
        ] * refused


def test_further_mistakes_are_named() -> None:
    spec = TrainingSpec(method=TRAINING_METHODS.read({"kind": "desire", "dropout": [0.1, 0.2]}))
    (problem,) = spec.problems(SPEC)
    assert problem.startswith("training.method: dropout has 2 values; give one for all, or one for")
    desired = ResNetArchitecture(neuron={"kind": "desire-if"})  # type: ignore[arg-type]
    (problem,) = spec.problems(desired)
    assert problem == "training.method: desire trains networks of kind chain alone; choose backprop"
    mistakes: dict[str, Any] = {"backend": "eager", "surrogate": "atan"}
    spec = TrainingSpec(method=TRAINING_METHODS.read("desire"), **mistakes)
    assert spec.problems(SPEC) == [
        "training.surrogate: desire does not read it; leave it out",
        "training.backend: desire does not read it; leave it out",
    ]
    for network in (SPEC, desired):
        assert TrainingSpec().problems(network) == [
            "training.method: backprop cannot train such a network; choose desire"
        ]


def test_input_spikes_by_chance_are_taken_too() -> None:
    spec = TrainingSpec(method=TRAINING_METHODS.read("desire"))
    assert spec.problems(dataclasses.replace(SPEC, coding="poisson")) == []
