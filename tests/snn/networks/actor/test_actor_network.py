"""An actor's step is the one of the rule, written out; its links and their ablations are what they say."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spikeatlas.snn.coding import encode
from spikeatlas.snn.networks import ActorNetwork
from spikeatlas.snn.neurons import IntraLayerNeuron
from tests.snn.actors import RELU, actor, observations

Floats = NDArray[np.float64]


def arrays(network: ActorNetwork) -> dict[str, Floats]:
    return {name: value.double().numpy() for name, value in network.state_dict().items()}


def by_hand(network: ActorNetwork, values: Floats) -> tuple[dict[str, Floats], Floats]:
    """Spike counts (units,) of each layer, and membranes (actions,), of one observation: the rule in plain numbers."""
    weights = arrays(network)
    drive = np.exp(
        -((values[:, None] - weights["coder.centres"]) ** 2) / (2 * weights["coder.widths"] ** 2)
    ).ravel()
    names = network.layers
    sizes = [len(weights[f"stages.{place}.operator.bias"]) for place in range(len(names))]
    coded = np.zeros_like(drive)
    current, membrane, spikes = ([np.zeros(size) for size in sizes] for _ in range(3))
    counts = {name: np.zeros(size) for name, size in zip(names, sizes, strict=True)}
    actions = weights["readout.weight"].shape[0]
    readout = np.zeros(actions)
    for _ in range(network.time_steps):
        coded = coded + drive
        below = (coded > 0.999).astype(float)
        coded -= 0.999 * below
        for place, name in enumerate(names):
            received = (
                weights[f"stages.{place}.operator.weight"] @ below
                + weights[f"stages.{place}.operator.bias"]
            )
            if place == len(names) - 1:
                before = spikes[place].reshape(actions, -1)
                if "stages.2.neuron.weight" in weights:
                    links = weights["stages.2.neuron.weight"] * weights["stages.2.neuron.allowed"]
                    received = received + np.einsum("apq,aq->ap", links, before).ravel()
                if "stages.2.neuron.bias" in weights:
                    received = received + weights["stages.2.neuron.bias"].ravel()
            current[place] = current[place] / 2 + received
            membrane[place] = 0.75 * membrane[place] * (1 - spikes[place]) + current[place]
            spikes[place] = (membrane[place] > 0.5).astype(float)
            counts[name] += spikes[place]
            below = spikes[place]
        readout += (weights["readout.weight"] * below.reshape(actions, -1)).sum(1) + weights[
            "readout.bias"
        ]
    return counts, readout


@pytest.mark.parametrize("links", ["full", "no-self", "no-lateral", "bias", "self", "none"])
def test_spikes_and_actions_are_those_of_the_rule_written_out(links: str) -> None:
    network = actor(links=links, actions=2)
    with torch.no_grad():
        # enough of a drive that populations fire and links matter
        for parameter in network.stages.parameters():
            parameter.mul_(2.5)
        images = observations(12)
        inputs = encode(network, images, None)
        spikes = dict(network.capture(inputs, 3))
        actions = network.act(inputs[0].flatten(1))
    total = 0.0
    for row, image in enumerate(images):
        counts, membranes = by_hand(network, 6 * (image.ravel() / 255 - 0.5))
        for name, count in counts.items():
            np.testing.assert_array_equal(spikes[name][:, row].sum(0).numpy(), count)
        np.testing.assert_allclose(actions[row].numpy(), np.tanh(membranes), atol=1e-5)
        total += counts["out"].sum()
    assert 0 < total < 12 * 8 * 5


def test_one_step_by_hand() -> None:
    """One unit, one coding neuron at 0, one output: all numbers are small enough to be followed on paper."""
    network = actor(1, hidden=(1,), population=1, links="self", time_steps=3)
    values = {
        "stages.0.operator.weight": [[0.4]], "stages.0.operator.bias": [0.15],
        "stages.1.operator.weight": [[0.6]], "stages.1.operator.bias": [0.0], "stages.1.neuron.weight": [[[-1.0]]],
        "readout.weight": [[0.3]], "readout.bias": [0.1],
    }  # fmt: skip
    network.load_state_dict(
        {name: torch.tensor(value) for name, value in values.items()}, strict=False
    )
    # x = 0 is the centre: A = 1 and the coding neuron spikes at every step.
    # fc1: c = .55, .825, .9625 and v = .55, .825, .9625, each above .5: spikes 1, 1, 1 (a spike resets v).
    # out: c = .6: spike; c = .3 + .6 - 1 = -.1, v = -.1: none; c = -.05 + .6 = .55, v = -.075 + .55 = .475: none.
    spikes = dict(network.capture(torch.zeros(1, 1, 1, 1, 1), 2))
    assert spikes["fc1"].flatten().tolist() == [1, 1, 1]
    assert spikes["out"].flatten().tolist() == [1, 0, 0]
    # m = .3 * 1 + 3 * .1 = .6
    assert float(network.act(torch.zeros(1, 1)).detach()) == pytest.approx(np.tanh(0.6), abs=1e-6)


@pytest.mark.parametrize("fields", [{}, {"links": "none"}, {"actions": 3}, RELU])
@torch.no_grad()
def test_the_plain_loop_is_the_same(fields: dict[str, Any]) -> None:
    network = actor(**fields)
    inputs = encode(network, observations(9), None)
    torch.testing.assert_close(network(inputs), network.unroll(inputs), rtol=0, atol=0)


@torch.no_grad()
def test_no_link_joins_two_populations_and_none_is_no_link() -> None:
    network = actor(links="full", actions=2)
    linked = cast("IntraLayerNeuron", network.neurons("out"))
    assert linked.weight is not None
    assert linked.bias is not None
    assert linked.weight.shape == (2, 4, 4)
    linked.weight.zero_()
    linked.bias.zero_()
    plain = actor(links="none", actions=2)
    state = {
        name: value for name, value in network.state_dict().items() if "neuron.weight" not in name
    }
    plain.load_state_dict(
        {name: state[name] for name in plain.state_dict() if name in state}, strict=False
    )
    inputs = encode(network, observations(9), None)
    torch.testing.assert_close(network(inputs), plain(inputs), rtol=0, atol=0)


def test_without_spikes_the_activities_enter() -> None:
    network = actor(**RELU)
    inputs = encode(network, observations(5), None)
    activities = network.coder.activities(inputs[0].flatten(1))
    hidden = torch.relu(network.stages[0].operator(activities))  # type: ignore[operator]
    torch.testing.assert_close(dict(network.capture(inputs, 1))["fc1"][0], hidden)


def test_gradients_reach_every_parameter() -> None:
    network = actor(hidden=(30, 30), population=10)
    network.act(torch.randn(64, 3, generator=torch.Generator().manual_seed(0))).sum().backward()
    silent = [
        name
        for name, value in network.named_parameters()
        if value.grad is None or not value.grad.any()
    ]
    assert silent == []


def test_layers_are_named() -> None:
    network = actor()
    assert network.layers == ("fc1", "fc2", "out")
    with pytest.raises(ValueError, match="layers names 'fc3', but the network has fc1, fc2, out"):
        network.upto(["fc3"])
    with pytest.raises(ValueError, match="layers is empty"):
        network.upto([])
