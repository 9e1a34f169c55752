"""Entries of tables, one a row and channel of a window, add up to the plain loop's currents."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from spikeatlas.snn.coding import Coding, CodingKey
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons.leaky import LeakyNeuron
from spikeatlas.snn.responder import filters
from spikeatlas.snn.responder.plain import PlainResponder
from spikeatlas.snn.responder.responder import Responder
from spikeatlas.snn.responder.ways import recount
from tests.snn.responder.small import custom, difference, network, pictures, prefer

SHAPE = (2, 9, 11)
KEY = CodingKey(seed=3, checkpoint="c", purpose="report")
CODINGS: tuple[Coding, ...] = ("poisson", "signed-poisson", "integrate-and-fire")


def assert_plain(made: SpikingNetwork, first: str = "windows", **options: Any) -> None:
    """Let every kind of picture be answered as the plain loop does, the first layer by windows."""
    common: dict[str, Any] = {"key": KEY, "batch_size": 4}
    respond = Responder(made, made.layers, **common, **options)
    assert respond.plan.layers[0].way == first
    for kind in ("natural", "noise", "black", "white"):
        images = pictures(kind, SHAPE, 5)
        expected = PlainResponder(made, made.layers, **common)(images)
        assert difference(made, respond(images), expected).spikes == 0


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("channels", [3, 12, 16, 40])
@pytest.mark.parametrize("time_steps", [1, 13, 16])
def test_first_layers_are_the_plain_loops(
    monkeypatch: pytest.MonkeyPatch, coding: Coding, channels: int, time_steps: int
) -> None:
    prefer(monkeypatch, "windows")
    assert_plain(network(SHAPE, channels=(channels, 6), coding=coding, time_steps=time_steps))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("pool", ["max", "average", "none"])
@pytest.mark.parametrize("operator", [(5, 1, 2), (3, 2, 0), (2, 1, 1)])
def test_windows_of_any_size_and_pool(
    monkeypatch: pytest.MonkeyPatch, coding: Coding, pool: Any, operator: tuple[int, int, int]
) -> None:
    prefer(monkeypatch, "windows")
    kernel, stride, padding = operator
    first = nn.Conv2d(2, 7, kernel, stride, padding)
    sides = [(side + 2 * padding - kernel) // stride + 1 for side in SHAPE[1:]]
    size = [side if pool == "none" else side // 2 for side in sides]
    layers = [
        SpikingLayer("conv1", first, LeakyNeuron(0.8, 0.4), pool=pool),
        SpikingLayer(
            "fc1", SteadyLinear(7 * size[0] * size[1], 5), LeakyNeuron(0.9, 0.5), flatten=True
        ),
    ]
    made = custom(layers, SHAPE, 13)
    made.coding = coding
    # both signs of five columns, those of a mean included, are more than a table has
    columns = kernel + stride if pool == "average" else kernel
    large = coding == "signed-poisson" and columns > 4
    assert_plain(made, "frames" if large else "windows")


def test_neurons_near_their_threshold_are_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "_GUARD", 1e12)
    monkeypatch.setattr(recount, "_ROOM", 0)
    prefer(monkeypatch, "windows")
    made = network(SHAPE, channels=(5,), hidden=(), coding="signed-poisson", time_steps=5)
    assert_plain(made, guarded=True)


def test_some_neurons_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    prefer(monkeypatch, "windows")
    made = network(SHAPE, channels=(16,), coding="poisson", time_steps=13)
    images = pictures("noise", SHAPE, 5)
    options: dict[str, Any] = {"key": KEY, "batch_size": 4}
    respond = Responder(made, ("conv1",), neurons={"conv1": [9, 2]}, **options)
    assert respond.plan.layers[0].way == "windows"
    expected = PlainResponder(made, ("conv1",), **options)(images)["conv1"][:, [9, 2]]
    assert difference(made, respond(images), {"conv1": expected}).spikes == 0
