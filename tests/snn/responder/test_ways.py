"""Every way to compute a layer is exact, whether or not a plan would choose it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons.leaky import LeakyNeuron
from spikeatlas.snn.responder.plain import PlainResponder
from spikeatlas.snn.responder.responder import Responder
from spikeatlas.snn.responder.ways.factorised import Factorised
from spikeatlas.snn.responder.ways.frames import Frames
from spikeatlas.snn.responder.ways.patterns import Patterns
from tests.snn.responder.small import (
    compare,
    custom,
    difference,
    network,
    pictures,
    prefer,
    with_neurons,
)


def ways(made: SpikingNetwork, **options: Any) -> list[str]:
    return [layer.way for layer in Responder(made, made.layers, **options).plan.layers]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ("trains", "factorised", "patterns"),
            ["trains", "factorised", "patterns", "patterns"],
        ),
        (("steps", "patterns"), ["steps", "patterns", "patterns", "patterns"]),
        (("steps", "frames"), ["steps", "frames", "frames", "frames"]),
        (("trains", "factorised", "frames"), ["trains", "factorised", "frames", "frames"]),
    ],
)
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("time_steps", [1, 13, 128])
def test_ways_are_equal(
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    expected: list[str],
    reset: str,
    time_steps: int,
) -> None:
    prefer(monkeypatch, *names)
    made = network((2, 9, 9), channels=(6, 34), hidden=(7,), reset=reset, time_steps=time_steps)
    assert ways(made) == expected
    for kind in ("natural", "noise"):
        assert compare(made, pictures(kind, (2, 9, 9), 5), batch_size=4).spikes == 0


@pytest.mark.parametrize("way", ["trains", "steps", "direct"])
def test_a_first_layer_alone(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    prefer(monkeypatch, way)
    made = network((3, 37, 10), channels=(5,), hidden=())
    for kind in ("natural", "noise"):
        images = pictures(kind, (3, 37, 10), 5)
        for neurons in (None, {"conv1": [4, 1]}):
            assert compare(made, images, ("conv1",), neurons=neurons, batch_size=4).spikes == 0


def test_patterns_take_some_neurons(monkeypatch: pytest.MonkeyPatch) -> None:
    prefer(monkeypatch, "steps", "patterns")
    made = network((1, 9, 9), channels=(6, 20), hidden=(7,))
    images = pictures("noise", (1, 9, 9), 5)
    assert compare(made, images, ("conv2",), neurons={"conv2": [19, 3]}).spikes == 0
    assert compare(made, images, ("fc1",), neurons={"fc1": [5]}).spikes == 0


@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("kinds", [0, 4])
def test_with_and_without_ranks(
    monkeypatch: pytest.MonkeyPatch, kinds: int, *, wanted: bool
) -> None:
    prefer(monkeypatch, "trains", "patterns")
    monkeypatch.setattr(Factorised, "cost", lambda *_, ranked: float(ranked != wanted))
    made = network((1, 9, 9), channels=(6, 20), time_steps=40)
    if kinds:
        with_neurons(made, kinds=kinds)
    plan = Responder(made, made.layers).plan.layers[1]
    assert (plan.way, plan.ranked) == ("factorised", wanted)
    for neurons in (None, {"conv2": [3]}):
        for kind in ("natural", "noise"):
            images = pictures(kind, (1, 9, 9), 5)
            assert compare(made, images, ("conv2",), neurons=neurons).spikes == 0


POOLS = (None, nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 1), nn.MaxPool2d((1, 2)))
CONVOLUTIONS: tuple[dict[str, Any], ...] = (
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": 3, "bias": False},
    {"kernel_size": (3, 1), "stride": (2, 1), "padding": (0, 1)},
    {"kernel_size": 3, "dilation": 2, "padding": 2},
    {"kernel_size": 1, "groups": 2},
    {"kernel_size": 1, "padding": 2},
    {"kernel_size": 3, "padding": 1, "padding_mode": "circular"},
)


def staged(options: dict[str, Any], pool: nn.MaxPool2d | None, time_steps: int) -> SpikingNetwork:
    """Two such convolutions and a linear layer."""
    stages = [
        SpikingLayer("a", nn.Conv2d(2, 6, **options), LeakyNeuron(0.8, 0.5)),
        SpikingLayer("b", nn.Conv2d(6, 4, **options), LeakyNeuron(0.8, 0.5)),
    ]
    maps = torch.zeros(1, 2, 23, 15)
    for stage in stages:
        stage.pool = pool
        maps = stage.currents(maps)
    units = maps.numel()
    stages.append(SpikingLayer("c", SteadyLinear(units, 3), LeakyNeuron(0.8, 0.5), flatten=True))
    return custom(stages, (2, 23, 15), time_steps)


@pytest.mark.parametrize("ranked", [False, True])
@pytest.mark.parametrize("pool", POOLS, ids=str)
@pytest.mark.parametrize("options", CONVOLUTIONS, ids=str)
@torch.no_grad()
def test_every_geometry(
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    pool: nn.MaxPool2d | None,
    *,
    ranked: bool,
) -> None:
    prefer(monkeypatch, "trains", "direct", "patterns")
    wanted = ranked
    monkeypatch.setattr(Factorised, "cost", lambda *_, ranked: float(ranked != wanted))
    made = staged(options, pool, 17)
    for kind in ("natural", "noise"):
        images = pictures(kind, (2, 23, 15), 5)
        assert compare(made, images).spikes == 0
        assert compare(made, images, ("b",), neurons={"b": [2]}).spikes == 0
        assert compare(made, images, ("a",), neurons={"a": [4]}).spikes == 0


def test_a_linear_first_layer() -> None:
    stages = [
        SpikingLayer("a", SteadyLinear(2 * 5 * 6, 9), LeakyNeuron(0.9, 1.0), flatten=True),
        SpikingLayer("b", SteadyLinear(9, 3), LeakyNeuron(0.9, 1.0)),
    ]
    made = custom(stages, (2, 5, 6), 30)
    for layers in (("a",), ("b",), ("a", "b")):
        assert compare(made, pictures("noise", (2, 5, 6), 7), layers, batch_size=5).spikes == 0


@pytest.mark.parametrize("time_steps", [1, 21])
def test_poisson_coding(monkeypatch: pytest.MonkeyPatch, time_steps: int) -> None:
    made = network((3, 9, 9), channels=(6, 8), coding="poisson", time_steps=time_steps)
    images = pictures("natural", (3, 9, 9), 7)
    key = CodingKey(seed=3, checkpoint="c", purpose="report")
    options: dict[str, Any] = {"key": key, "presentations": 2, "batch_size": 4}
    expected = PlainResponder(made, made.layers, **options)(images)
    for names in (("patterns",), ("frames",)):
        with monkeypatch.context() as patch:
            prefer(patch, *names)
            found = Responder(made, made.layers, **options)(images)
        assert difference(made, found, expected).spikes == 0
    with pytest.raises(ValueError, match="key is missing"):
        Responder(made, made.layers)(images)


def test_a_whole_batch_where_chunks_would_round_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikeatlas.snn.responder.ways.currents.chunks_agree", lambda *_: False)
    monkeypatch.setattr("spikeatlas.snn.responder.sizes._CACHED", 10_000)
    made = network((2, 9, 9), channels=(6, 8))
    assert compare(made, pictures("noise", (2, 9, 9), 13), batch_size=8).spikes == 0


@pytest.mark.parametrize("framed", [[6, 5], [20]])
def test_padded_channels_between_ways(monkeypatch: pytest.MonkeyPatch, framed: list[int]) -> None:
    """A compiled loop stores 32 channels for 20; torch's operator must not see the others."""
    prefer(monkeypatch, "steps")
    monkeypatch.setattr(Frames, "cost", lambda shape, _: float(shape.channels not in framed))
    monkeypatch.setattr(Patterns, "cost", lambda *_: 0.5)
    made = network((1, 9, 9), channels=(6, 20, 5), hidden=(7,))
    assert {"frames", "patterns"} < set(ways(made))
    assert compare(made, pictures("noise", (1, 9, 9), 5)).spikes == 0
