"""The fast responder equals the plain loop, spike for spike, on fixed seeds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.snn.responder.small import KINDS, compare, network, pictures, prefer, with_neurons


@pytest.fixture(params=["chosen", "factorised"], autouse=True)
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan by its costs, and the one for wide networks, which small ones would not choose."""
    if request.param == "factorised":
        prefer(monkeypatch, "trains", "factorised", "patterns")


SHAPES: tuple[dict[str, Any], ...] = (
    {"shape": (1, 8, 8), "channels": (5,), "hidden": ()},
    {"shape": (1, 8, 8), "channels": (16, 32), "hidden": (64,)},
    {"shape": (3, 11, 11), "channels": (7, 9), "hidden": (), "kernel": 5},
    {"shape": (3, 9, 9), "channels": (4, 6, 35), "hidden": (12, 8), "kernel": 1},
    {"shape": (1, 13, 13), "channels": (40, 3, 5), "hidden": (10,), "kernel": 3},
)
NEURONS: tuple[dict[str, Any], ...] = (
    {"beta": 0.9, "threshold": 1.0, "reset": "subtract"},
    {"beta": 0.9, "threshold": 1.0, "reset": "zero"},
    {"beta": 0.0, "threshold": 0.7, "reset": "subtract"},
    {"beta": 1.0, "threshold": 1.3, "reset": "subtract"},
    {"beta": 1.0, "threshold": 1.3, "reset": "zero"},
    {"beta": 0.35, "threshold": 0.2, "reset": "zero"},
)


@pytest.mark.parametrize("time_steps", [1, 8, 25, 128])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape["channels"])))
def test_every_shape_and_time(shape: dict[str, Any], time_steps: int) -> None:
    made = network(**shape, time_steps=time_steps)
    for kind in KINDS:
        assert compare(made, pictures(kind, shape["shape"], 5)).spikes == 0


@pytest.mark.parametrize("neuron", NEURONS, ids=str)
@pytest.mark.parametrize(
    "shape", SHAPES[1:3], ids=lambda shape: "x".join(map(str, shape["channels"]))
)
def test_every_neuron(shape: dict[str, Any], neuron: dict[str, Any]) -> None:
    for time_steps in (8, 25):
        made = network(**shape, **neuron, time_steps=time_steps)
        for kind in KINDS[:2]:
            assert compare(made, pictures(kind, shape["shape"], 6)).spikes == 0


def test_a_decay_and_a_threshold_for_each_layer() -> None:
    made = network(
        channels=(6, 7), hidden=(8,), beta=(0.5, 0.9, 1.0, 0.0), threshold=(1.0, 0.5, 2.0, 0.1)
    )
    assert compare(made, pictures("natural", (1, 8, 8), 9)).spikes == 0


@pytest.mark.parametrize("kinds", [3, 40])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("time_steps", [25, 128])
def test_a_decay_and_a_threshold_for_each_neuron(kinds: int, reset: str, time_steps: int) -> None:
    made = network(channels=(40, 20), hidden=(30,), reset=reset, time_steps=time_steps)
    with_neurons(made, kinds=kinds)
    for kind in KINDS[:2]:
        assert compare(made, pictures(kind, (1, 8, 8), 4)).spikes == 0


@pytest.mark.parametrize("batch_size", [1, 3, 7, 64])
def test_every_batch_size(batch_size: int) -> None:
    made = network((3, 12, 12), channels=(12, 10), hidden=(9,))
    for kind in KINDS[:2]:
        images = pictures(kind, (3, 12, 12), 10)
        assert compare(made, images, batch_size=batch_size).spikes == 0


@pytest.mark.parametrize(
    "layers", [("conv1",), ("conv2",), ("out",), ("conv2", "conv1"), ("fc1", "conv1")]
)
def test_every_layer(layers: tuple[str, ...]) -> None:
    made = network((3, 10, 10), channels=(12, 10), hidden=(9,))
    for kind in KINDS[:2]:
        assert compare(made, pictures(kind, (3, 10, 10), 6), layers).spikes == 0


@pytest.mark.parametrize("time_steps", [25, 128])
@pytest.mark.parametrize(
    "neurons",
    [
        {"conv1": [3]},
        {"conv1": [11, 0]},
        {"conv2": [7]},
        {"conv2": [7, 2]},
        {"conv2": [9, 1, 0, 4, 5, 6]},
        {"fc1": [4]},
        {"out": [2, 1]},
        {"conv1": [1], "fc1": [8, 0]},
        {"conv2": list(range(10))[::-1]},
    ],
    ids=str,
)
def test_some_neurons(neurons: dict[str, list[int]], time_steps: int) -> None:
    made = network((3, 10, 10), channels=(12, 10), hidden=(9,), time_steps=time_steps)
    layers = tuple(neurons)
    for kind in KINDS[:2]:
        images = pictures(kind, (3, 10, 10), 6)
        assert compare(made, images, layers, neurons=neurons).spikes == 0
        rest = ("conv1", *layers) if "conv1" not in layers else layers
        assert compare(made, images, rest, neurons=neurons).spikes == 0
