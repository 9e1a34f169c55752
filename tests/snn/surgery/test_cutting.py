"""Units that say nothing are cut out without a trace, in all that a network computes and learns."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import NetworkSpec, ResNetArchitecture, SpikingNetwork
from spikeatlas.snn.surgery import cut_problems, fit_units, keep_units, unit_peaks, unit_tensors
from spikeatlas.snn.training import Assignment
from spikeatlas.snn.training.methods import Backprop
from tests.snn.nets import network, noise_images

KINDS: dict[str, dict[str, Any]] = {
    "leaky": {"threshold": 0.2},
    "bntt": {"threshold": 0.2, "norm": "bntt", "bias": False},
    "batch, membrane": {"norm": "batch", "bias": False, "decoding": "membrane"},
    "sequence": {"threshold": 0.3, "bias": False, "norm": {"kind": "sequence", "parts": ["batch", "none"]}},
    "dsr": {"neuron": {"kind": "dsr-if", "threshold": 1.0}, "pool": "average", "decoding": "membrane"},
    "relu": {"neuron": "relu", "time_steps": 1, "decoding": "membrane", "norm": "batch", "bias": False},
    "units": {"threshold": 0.3, "neuron": "lif", "channels": (), "hidden": (9, 8)},
    "populations": {"threshold": 0.1, "neuron": "clif", "decoding": {"kind": "population", "size": 3, "links": "full"}},
}  # fmt: skip
MUTE = {"conv1": (1,), "conv2": (0, 4), "fc1": (2, 3), "fc2": (0, 7)}
"""Units of each layer that are made silent."""


@pytest.fixture(params=KINDS, ids=str)
def made(request: pytest.FixtureRequest) -> SpikingNetwork:
    """A network some of whose units are silent on every image."""
    built = network(**KINDS[request.param])
    for layer in list(built)[:-1]:
        for unit in MUTE[layer.name]:
            silence(built, layer.name, unit)
    return built


def silence(built: SpikingNetwork, layer: str, unit: int) -> None:
    """Give a unit no current that is above 0."""
    with torch.no_grad():
        for part in unit_tensors(built, layer)[:-1]:
            if isinstance(part.tensor, torch.nn.Parameter):
                part.tensor.select(part.axis, unit).zero_()


def rest(built: SpikingNetwork) -> dict[str, list[int]]:
    return {
        layer.name: [unit for unit in range(layer.size) if unit not in MUTE[layer.name]]
        for layer in list(built)[:-1]
    }


def inputs_of(built: SpikingNetwork) -> Tensor:
    return encode(built, noise_images(12, seed=3), CodingKey(0, "", "test", 0))


@pytest.mark.parametrize("training", [True, False])
def test_outputs_without_silent_units_are_the_same(made: SpikingNetwork, training: bool) -> None:
    cut = copy.deepcopy(made)
    keep_units(cut, rest(cut))
    inputs = inputs_of(made)

    before, after = (part.train(training).unroll(inputs) for part in (made, cut))

    assert before.any()
    assert (before - after).abs().max() <= 1e-6
    assert (made(inputs) - cut(inputs)).abs().max() <= 1e-6
    assert all(cut.sizes[name] == len(units) for name, units in rest(made).items())


def task(built: SpikingNetwork) -> Assignment:
    """Nine steps of cross-entropy."""

    def loss(outputs: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(built.scores(outputs), labels)

    return Assignment(built, run=built, loss=loss, lr=1e-3, steps=9)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_next_step_is_that_of_the_whole_network(made: SpikingNetwork, optimizer: Any) -> None:
    inputs, labels = inputs_of(made), torch.arange(12) % 3
    whole, cut = made, copy.deepcopy(made)
    teachers = [
        Backprop(optimizer=optimizer, momentum=0.9).begin(task(part)) for part in (whole, cut)
    ]
    for teacher in teachers:
        teacher.step(inputs, labels)
    for part in (whole, cut):  # a step makes muted units speak: they are muted anew
        for layer in list(part)[:-1]:
            for unit in MUTE[layer.name]:
                silence(part, layer.name, unit)

    keep_units(cut, rest(cut), teachers[1].select)
    losses = [teacher.step(inputs, labels) for teacher in teachers]

    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    keep_units(whole, rest(whole))
    others = dict(cut.named_parameters())
    for name, parameter in whole.named_parameters():
        assert (parameter - others[name]).abs().max() <= 1e-6, name


def test_a_state_says_which_units_it_has(made: SpikingNetwork) -> None:
    cut = copy.deepcopy(made)
    keep_units(cut, rest(cut))
    for layer in list(cut)[:-1]:
        keep_units(cut, {layer.name: range(1, layer.size)})

    numbers = [layer.units for layer in list(cut)[:-1]]
    assert [None if row is None else row.tolist() for row in numbers] == [
        units[1:] for units in rest(made).values()
    ]
    fit_units(made, cut.state_dict())
    made.load_state_dict(cut.state_dict())
    assert torch.equal(made.eval().unroll(inputs_of(made)), cut.eval().unroll(inputs_of(cut)))


def test_a_whole_network_has_no_such_tensor(made: SpikingNetwork) -> None:
    assert not any(name.endswith("units") for name in made.state_dict())


def test_parameters_stay_the_same_objects(made: SpikingNetwork) -> None:
    before = list(made.parameters())
    keep_units(made, rest(made))
    assert all(first is second for first, second in zip(before, made.parameters(), strict=True))


@pytest.mark.parametrize("units", [(), (0, 4), (2, 1), (-1,), (1, 1)])
def test_places_that_a_layer_does_not_have(units: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="layer 'conv1' cannot be cut to units"):
        keep_units(network(), {"conv1": units})


@pytest.mark.parametrize(
    ("fields", "layer", "message"),
    [
        ({}, "out", "is the output"),
        ({}, "fc9", "'fc9'"),
        ({"neuron": "backei"}, "conv1", "reaches others through a BackEINeuron"),
        ({"norm": ("hah", "none", "none", "none"), "bias": False}, "conv1", "a NormSequence"),
        ({"norm": ("none", "weight-l2", "none", "none"), "bias": False}, "conv1", "a FilterNorm"),
    ],
)
def test_layers_that_cannot_be_cut(fields: dict[str, Any], layer: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        keep_units(network(**fields), {layer: (0,)})


@pytest.mark.parametrize("fields", KINDS.values(), ids=KINDS)
def test_networks_that_can_be_cut_have_no_problem(fields: dict[str, Any]) -> None:
    assert cut_problems(NetworkSpec(**fields)) == []


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"channels": (), "hidden": ()}, "the output is not cut"),
        ({"neuron": "backei"}, "network.neuron: no unit can be cut out with backei"),
        ({"norm": ("hah", "none", "none", "none"), "bias": False}, "network.norm: .* hah"),
        ({"norm": "divisive"}, "network.norm: .* divisive"),
        ({"neuron": "tests.snn.own_layers:Adaptive"}, "tests.snn.own_layers:Adaptive"),
    ],
)
def test_networks_that_cannot_be_cut(fields: dict[str, Any], part: str) -> None:
    (problem,) = cut_problems(NetworkSpec(**fields))
    assert re.search(part, problem)


def test_networks_of_blocks_are_not_cut() -> None:
    (problem,) = cut_problems(ResNetArchitecture())
    assert problem.endswith("set network.kind to chain")


@torch.no_grad()
def test_peaks_tell_silent_units(made: SpikingNetwork) -> None:
    images = noise_images(300, seed=5)

    peaks = unit_peaks(made.train(), images)

    assert made.training
    made.eval()
    for name, outputs in made.capture(encode(made, images), len(made.layers) - 1):
        expected = [float(outputs[:, :, unit].abs().max()) for unit in range(made.sizes[name])]
        assert peaks[name].tolist() == pytest.approx(expected, rel=1e-4, abs=1e-6)
        assert not peaks[name][list(MUTE[name])].any()
