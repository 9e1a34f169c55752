"""Neurons near their threshold are counted again, from currents in torch's order of sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pytest
import torch
from torch import nn

from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons.leaky import LeakyNeuron
from spikeatlas.snn.responder import filters
from spikeatlas.snn.responder.plain import PlainResponder
from spikeatlas.snn.responder.responder import Responder
from spikeatlas.snn.responder.ways import recount
from tests.snn.responder.small import Images, custom, pictures, prefer

SHAPE = (2, 9, 9)
Reset = Literal["subtract", "zero"]


def chain(
    reset: Reset, *, stride: int = 1, padding: int = 1, pool_padding: int = 0
) -> SpikingNetwork:
    """Three convolutions, the second pooled by overlapping windows, and a linear layer."""

    def leaky() -> LeakyNeuron:
        return LeakyNeuron(0.8, 0.4, reset)

    second = SpikingLayer("conv2", nn.Conv2d(6, 32, 3, stride, padding), leaky())
    second.pool = nn.MaxPool2d(3, 2, pool_padding)
    side = (9 + 2 * padding - 3) // stride + 1
    side = (side + 2 * pool_padding - 3) // 2 + 1
    layers = [
        SpikingLayer("conv1", nn.Conv2d(2, 6, 3, padding=1), leaky()),
        second,
        SpikingLayer("conv3", nn.Conv2d(32, 20, 3, padding=1, bias=False), leaky()),
        SpikingLayer("fc", SteadyLinear(20 * side * side, 7), leaky(), flatten=True),
    ]
    return custom(layers, SHAPE, 21)


def counts(
    made: SpikingNetwork, images: Images, neurons: Mapping[str, Sequence[int]], *, guarded: bool
) -> dict[str, np.ndarray]:
    respond = Responder(made, tuple(neurons), batch_size=4, neurons=neurons, guarded=guarded)
    return respond(images)


def plain(made: SpikingNetwork, images: Images) -> dict[str, np.ndarray]:
    return PlainResponder(made, made.layers, batch_size=4)(images)


@pytest.fixture
def all_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every neuron is counted again, and there is room for none at first."""
    monkeypatch.setattr(filters, "_GUARD", 1e12)
    monkeypatch.setattr(recount, "_ROOM", 0)


@pytest.mark.parametrize("first", ["trains", "steps"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize(
    "form", [{}, {"stride": 2, "padding": 2}, {"padding": 0, "pool_padding": 1}]
)
def test_neurons_that_are_counted_again_are_the_plain_loops(
    monkeypatch: pytest.MonkeyPatch,
    all_doubtful: None,
    first: str,
    reset: Reset,
    form: dict[str, int],
) -> None:
    prefer(monkeypatch, first, "factorised", "patterns")
    made, images = chain(reset, **form), pictures("noise", SHAPE, 5)
    everyone = {name: range(size) for name, size in made.sizes.items()}

    answers = counts(made, images, everyone, guarded=True)

    for name, rates in plain(made, images).items():
        assert rates.any()
        np.testing.assert_array_equal(answers[name], rates, err_msg=name)


def test_a_few_neurons_are_counted_again_too(
    monkeypatch: pytest.MonkeyPatch, all_doubtful: None
) -> None:
    prefer(monkeypatch, "trains", "factorised", "patterns")
    made, images = chain("subtract"), pictures("noise", SHAPE, 5)

    answers = counts(made, images, {"conv2": [31, 4]}, guarded=True)

    np.testing.assert_array_equal(answers["conv2"], plain(made, images)["conv2"][:, [31, 4]])


def at_the_threshold(made: SpikingNetwork, images: Images) -> None:
    """Put the thresholds of the second layer on currents that torch sums: half of its neurons end up on one."""
    layers = list(made)
    with torch.no_grad():
        spikes = (layers[0].currents(made.normalise(torch.from_numpy(images))) > 0.4).float()
        currents = layers[1].currents(spikes)
    largest = currents.flatten(2).amax((0, 2)).clamp_min(0.1)
    layers[1].neuron = LeakyNeuron(0.8, largest.view(-1, 1, 1), "subtract")


def test_what_hangs_on_the_order_of_a_sum_is_as_torch_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    prefer(monkeypatch, "trains", "factorised", "patterns")
    made, images = chain("subtract"), pictures("noise", SHAPE, 12)
    at_the_threshold(made, images)
    expected = plain(made, images)["conv2"]
    everyone = {"conv2": range(32)}

    free = counts(made, images, everyone, guarded=False)["conv2"]
    guarded = counts(made, images, everyone, guarded=True)["conv2"]

    assert (free != expected).any()
    np.testing.assert_array_equal(guarded, expected)


def test_a_layer_whose_parts_torch_sums_otherwise_is_not_guarded(
    monkeypatch: pytest.MonkeyPatch, all_doubtful: None
) -> None:
    monkeypatch.setattr(recount.Recount, "sums_alike", lambda _: False)
    monkeypatch.setattr(recount.Recount, "__call__", lambda *_: pytest.fail("counted again"))
    made, images = chain("zero"), pictures("noise", SHAPE, 2)
    counts(made, images, {"fc": range(7)}, guarded=True)
