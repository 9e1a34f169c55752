"""An actor's fields, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from spikeatlas.snn.networks import ActorArchitecture, NetworkSpec
from spikeatlas.snn.training import TrainingSpec
from tests.snn.actors import RELU, actor, architecture


def test_its_layers() -> None:
    infos = architecture(actions=2).layer_infos((1, 1, 3), 1)
    assert {name: info.neurons for name, info in infos.items()} == {"fc1": 7, "fc2": 6, "out": 8}
    assert {
        (info.map, info.unit.bottom, info.unit.top, info.unit.quantum) for info in infos.values()
    } == {((), 0, 1, 0.2)}
    assert architecture(**RELU).layer_infos((1, 1, 3), 1)["fc1"].unit.top is None


def test_the_defaults_are_the_papers() -> None:
    spec = ActorArchitecture()
    assert (spec.hidden, spec.population, spec.time_steps, spec.threshold) == (
        (256, 256),
        10,
        5,
        0.5,
    )


def test_weights_are_the_seeds() -> None:
    one, same, other = actor(seed=1), actor(seed=1), actor(seed=2)
    pairs = list(zip(one.parameters(), same.parameters(), strict=True))
    assert all(torch.equal(first, second) for first, second in pairs)
    assert not torch.equal(one.readout.weight, other.readout.weight)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"time_steps": 1}, "links are full, but one time step has no spikes before it"),
        (
            {"population": 1, "links": "no-self"},
            "a population of size 1 has no other neuron to link",
        ),
        ({"neuron": "relu"}, "relu units have no time"),
        ({"neuron": "lif"}, "Input should be 'clif' or 'relu'"),
        ({"hidden": ()}, "at least 1 item"),
    ],
)
def test_what_does_not_go_together_is_named(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        architecture(**fields)


def test_images_are_no_observations() -> None:
    with pytest.raises(ValueError, match=r"set data\.dataset to observations"):
        architecture().layer_infos((1, 8, 8), 10)


def test_no_other_method_trains_it_and_td3_trains_no_other() -> None:
    sentence = "training.method: backprop cannot train such a network; choose td3"
    assert TrainingSpec().problems(architecture()) == [sentence]
    spec = TrainingSpec(method="td3")  # type: ignore[arg-type]
    sentence = "training.method: td3 trains actors alone; set network.kind to actor"
    assert spec.problems(NetworkSpec()) == [sentence]
