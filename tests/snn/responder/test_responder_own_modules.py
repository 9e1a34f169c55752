"""A user's own neurons and normalisations: exact, layer by layer, and no burden on other layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder import PlainResponder, Responder
from tests.snn.own_layers import FalseNeuron, TernaryNeuron
from tests.snn.responder.small import network, pictures

SHAPE = (2, 9, 9)
ADAPTIVE: dict[str, Any] = {"neuron": {"kind": "tests.snn.own_layers:Adaptive", "strength": 0.4}}
FIELDS: tuple[dict[str, Any], ...] = (
    ADAPTIVE,
    {"neuron": "tests.snn.own_layers:Ternary"},
    {"neuron": {"kind": "dsr-if", "threshold": 0.6}},
    {"neuron": "dsr-lif", "decoding": "weighted-rate"},
    {"norm": "tests.snn.own_layers:Channels"},
    {"norm": "tests.snn.own_layers:Ramp"},
    {"norm": ("none", "tests.snn.own_layers:Ramp", "none", "tests.snn.own_layers:Channels")},
    {
        **ADAPTIVE,
        "norm": ("tests.snn.own_layers:Channels", "none", "tests.snn.own_layers:Ramp", "none"),
    },
)


def built(**fields: Any) -> SpikingNetwork:
    """A network whose normalisations have seen some currents."""
    made = network(SHAPE, channels=(6, 8), hidden=(7,), time_steps=13, **fields)
    with torch.no_grad():
        made(encode(made, pictures("noise", SHAPE, 20), CodingKey(0, "c", "train")))
    return made.eval()


@pytest.mark.parametrize("coding", ["current", "poisson"])
@pytest.mark.parametrize("fields", FIELDS, ids=str)
def test_the_responder_equals_the_plain_loop(fields: dict[str, Any], coding: str) -> None:
    made = built(**fields, coding=coding)
    options: dict[str, Any] = {"batch_size": 4, "key": CodingKey(3, "c", "report")}
    for kind in ("natural", "noise"):
        images = pictures(kind, SHAPE, 7)
        expected = PlainResponder(made, made.layers, **options)(images)
        for memory in (2**12, 2**30):
            rates = Responder(made, made.layers, memory=memory, **options)(images)
            for name in made.layers:
                np.testing.assert_allclose(rates[name], expected[name], atol=1e-6)
    assert all(expected[name].any() for name in made.layers)


def test_layers_that_are_known_stay_fast() -> None:
    made = built(norm=("none", "tests.snn.own_layers:Ramp", "none", "none"))
    plan = Responder(made, made.layers).plan

    assert [layer.way for layer in plan.layers] == ["steps", "frames", "patterns", "patterns"]
    assert "stages.1.norm is a RampNorm" in plan.describe()[1]


def test_behind_spikes_of_another_height_torch_computes() -> None:
    made = built()
    list(made)[1].neuron = TernaryNeuron()
    images = pictures("noise", SHAPE, 7)
    plan = Responder(made, made.layers).plan

    assert [layer.way for layer in plan.layers] == ["steps", "frames", "frames", "patterns"]
    rates = Responder(made, made.layers, batch_size=4)(images)
    expected = PlainResponder(made, made.layers, batch_size=4)(images)
    for name in made.layers:
        np.testing.assert_allclose(rates[name], expected[name], atol=1e-6)


@pytest.mark.parametrize("kind", ["auto", "plain"])
def test_a_response_counts_spikes_of_either_sign(kind: Any) -> None:
    made = built(neuron="tests.snn.own_layers:Ternary")
    with torch.no_grad():
        for layer, bias in zip(made, (100.0, -100.0, 0.0, 0.0), strict=True):
            assert layer.operator.bias is not None
            layer.operator.weight.mul_(0.01)
            layer.operator.bias.fill_(bias)
    rates = Responder(made, made.layers, kind=kind)(pictures("noise", SHAPE, 3))

    assert [float(rates[name].mean()) for name in ("conv1", "conv2")] == [1, -1]


@pytest.mark.parametrize("place", [0, 1])
def test_some_neurons_of_some_layers(place: int) -> None:
    made = built(**ADAPTIVE)
    images = pictures("noise", SHAPE, 7)
    name = made.layers[place]
    every = Responder(made, made.layers, batch_size=4)(images)[name]

    some = Responder(made, [name], neurons={name: [4, 1]}, batch_size=4)(images)[name]

    np.testing.assert_array_equal(some, every[:, [4, 1]])


def test_spikes_that_are_not_declared_are_refused() -> None:
    made = built()
    list(made)[1].neuron = FalseNeuron()
    with pytest.raises(
        ValueError, match=r"layer 'conv2' \(FalseNeuron\) fire spikes other than 0 and 1"
    ):
        Responder(made, made.layers)(pictures("noise", SHAPE, 3))


@pytest.mark.parametrize("kind", ["auto", "plain"])
def test_a_normalisation_in_training_mode_is_refused(kind: Any) -> None:
    made = built(norm="tests.snn.own_layers:Channels").train()
    with pytest.raises(
        ValueError, match=r"layer 'conv1' normalises as in training.*network\.eval\(\)"
    ):
        Responder(made, made.layers, kind=kind)


@pytest.mark.parametrize("fields", [ADAPTIVE, FIELDS[-1]], ids=str)
def test_gradients_of_training_reach_their_parameters(fields: dict[str, Any]) -> None:
    made = network(SHAPE, channels=(6, 8), hidden=(7,), time_steps=13, **fields)
    inputs = encode(made, pictures("noise", SHAPE, 6))

    torch.nn.functional.cross_entropy(made.scores(made(inputs)), torch.arange(6) % 5).backward()

    for name, parameter in made.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    strength = dict(made.named_parameters())["stages.0.neuron.strength"]
    assert strength.grad is not None
    assert strength.grad.any()
