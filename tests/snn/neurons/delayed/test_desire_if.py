"""Neurons that see the step before: the equations by hand, and a run without gradient that equals the steps."""

from __future__ import annotations

import math

import pytest
import torch

from spikeatlas.snn.neurons import NEURONS, SURROGATES, DesireIfNeuron, NeuronSite
from tests.snn import nets


def test_five_steps_by_hand() -> None:
    neuron = DesireIfNeuron(decay=0.75, threshold=1.0)
    currents = torch.tensor([0.5, 0.625, 0.25, 2.0, 5.0]).view(5, 1, 1)
    # the current of the step before: 0, .5, .625, .25, 2
    # u: 0, .5, 1 (spike, 0), .25, 2.1875 (spike, 1.1875)
    spikes, state = neuron.unroll(currents, 5)

    assert spikes.flatten().tolist() == [0, 0, 1, 0, 1]
    assert [float(value) for value in state] == [1.1875, 5.0]
    with torch.no_grad():
        assert torch.equal(neuron.run(currents, 5), spikes)


@pytest.mark.parametrize("steps", [1, 2, 9])
@pytest.mark.parametrize("shape", [(3, 700), (2, 5, 4, 4)])
@pytest.mark.parametrize("still", [True, False])
def test_a_run_without_gradient_equals_the_steps(
    steps: int, shape: tuple[int, ...], still: bool
) -> None:
    neuron = DesireIfNeuron(decay=0.7, threshold=0.9)
    rows = (1 if still else steps, *shape)
    currents = torch.randn(rows, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2
    with torch.no_grad():
        spikes = neuron.run(currents, steps)
        stepped, _ = neuron.unroll(currents, steps)

    assert torch.equal(spikes, stepped)
    assert bool(spikes.any()) == (steps > 1)


def test_the_gradient_is_the_surrogate_s_one_step_later() -> None:
    surrogate = SURROGATES.read("atan")
    neuron = DesireIfNeuron(decay=0.5, surrogate=surrogate)
    currents = torch.tensor([0.5, 0.25, 7.0]).view(3, 1, 1).requires_grad_()
    neuron.run(currents, 3).sum().backward()

    def slope(membrane: float) -> float:
        height = torch.tensor(membrane - 1, requires_grad=True)
        surrogate.fire(height, closed=True).backward()
        assert height.grad is not None
        return float(height.grad)

    assert currents.grad is not None
    # membranes 0, .5, .5
    expected = [slope(0.5) + 0.5 * slope(0.5), slope(0.5), 0.0]
    assert currents.grad.flatten().tolist() == pytest.approx(expected)


def test_the_study_says_its_decay_and_the_network_its_threshold() -> None:
    spec = NEURONS.read({"kind": "desire-if", "decay": 0.25})
    neuron = spec.build(NeuronSite("a", (4,), 5, beta=0.9, threshold=1.5))

    values = {name: float(value) for name, value in neuron.named_buffers()}
    assert values == {"decay": 0.25, "threshold": 1.5}
    with pytest.raises(ValueError, match="decay"):
        NEURONS.read({"kind": "desire-if", "decay": 1.5})


def test_weights_before_them_are_as_large_as_the_reference_s() -> None:
    sizes = {"channels": (), "hidden": (3_000,)}
    wide = nets.network(neuron=NEURONS.read("desire-if"), **sizes)
    plain = nets.network(**sizes)

    for network, variance in ((wide, 2.0), (plain, 0.5)):
        weight = next(iter(network)).operator.weight.detach()
        assert float(weight.std()) == pytest.approx(math.sqrt(variance / 64), rel=0.02)
