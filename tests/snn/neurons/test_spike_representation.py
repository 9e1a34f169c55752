"""Gradients between represented numbers are autograd's of clipped maps, and spikes those of their steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from spikeatlas.snn.neurons import DsrIfNeuron, DsrLifNeuron, FastSigmoid, RepresentingNeuron
from spikeatlas.snn.neurons.surrogates import Triangle

STEPS = 7
SURROGATE = FastSigmoid()


def dsr_if(threshold: float = 0.8) -> DsrIfNeuron:
    return DsrIfNeuron(threshold=threshold, alpha=0.5, surrogate=SURROGATE)


def dsr_lif(threshold: float = 0.3) -> DsrLifNeuron:
    return DsrLifNeuron(tau=1.5, dt=0.1, threshold=threshold, alpha=0.3, surrogate=SURROGATE)


MEMBERS = pytest.mark.parametrize("make", [dsr_if, dsr_lif])
Make = Callable[..., RepresentingNeuron]


def currents(
    neuron: RepresentingNeuron, steps: int = STEPS, shape: tuple[int, ...] = (5,)
) -> Tensor:
    """Currents below, within and above what the neurons represent."""
    top = float(neuron.height.detach()) * neuron.charging.tau
    random = torch.Generator().manual_seed(0)
    spread = torch.rand((1, 20, *shape), generator=random) * 2.4 * top - 0.7 * top
    return spread + torch.randn((steps, 20, *shape), generator=random) * 0.1 * top


def clipped(neuron: RepresentingNeuron, numbers: Tensor, height: Tensor) -> Tensor:
    """The map that spikes stand for: its gradients are autograd's."""
    return (numbers / neuron.charging.tau).clamp(min=0).minimum(height)


@MEMBERS
@pytest.mark.parametrize("steps", [1, STEPS])
def test_the_gradient_is_that_of_the_clipped_map(make: Make, steps: int) -> None:
    neuron = make()
    inputs = currents(neuron, steps).requires_grad_()
    direction = torch.randn((20, 5), generator=torch.Generator().manual_seed(1))
    outputs = neuron.represented(neuron.run(inputs, STEPS), STEPS)
    slope, threshold_slope = torch.autograd.grad(outputs, (inputs, neuron.threshold), direction)

    height = neuron.height.detach().requires_grad_()
    stand_in = clipped(neuron, neuron.represented(inputs, STEPS), height)
    expected, height_slope = torch.autograd.grad(stand_in, (inputs, height), direction)

    assert 0 < int((expected[0] == 0).sum()) < expected[0].numel()
    torch.testing.assert_close(slope, expected)
    # dt times, where 1 / dt times is the derivative of V / dt
    torch.testing.assert_close(threshold_slope, neuron.charging.dt * height_slope)


@MEMBERS
def test_a_chain_of_two_layers_has_the_gradient_of_two_clipped_maps(make: Make) -> None:
    first, second = make(), make(threshold=0.2)
    weight = torch.randn((4, 5), generator=torch.Generator().manual_seed(2), requires_grad=True)
    inputs = currents(first)
    hidden = first.run(inputs, STEPS)
    outputs = second.represented(second.run(hidden @ weight.T, STEPS), STEPS)
    parameters = (weight, first.threshold, second.threshold)
    slopes = torch.autograd.grad(outputs.square().sum(), parameters)

    # the second map stands where the spikes of the first layer put it
    heights = [neuron.height.detach().requires_grad_() for neuron in (first, second)]
    stand_in = clipped(first, first.represented(inputs, STEPS), heights[0])
    stand_in = first.represented(hidden, STEPS).detach() + stand_in - stand_in.detach()
    last = clipped(second, stand_in @ weight.T, heights[1])
    last = outputs.detach() + last - last.detach()
    expected = torch.autograd.grad(last.square().sum(), (weight, *heights))

    dt = first.charging.dt
    for slope, value in zip(slopes, (expected[0], dt * expected[1], dt * expected[2]), strict=True):
        torch.testing.assert_close(slope, value, rtol=1e-4, atol=1e-5)


@MEMBERS
def test_in_units_of_the_height_a_saturated_output_knows_no_threshold(make: Make) -> None:
    neuron = make()
    inputs = torch.full((1, 1, 1), 100.0)
    spikes = neuron.relative(neuron.run(inputs, STEPS))

    (slope,) = torch.autograd.grad(spikes.sum(), neuron.threshold)

    assert torch.equal(spikes, torch.ones_like(spikes))
    assert float(slope) == pytest.approx(0, abs=1e-5)


@MEMBERS
@pytest.mark.parametrize("threshold", [1e-9, 0.037, 1.0, 3.3])
def test_run_step_and_rule_are_the_same_spikes(make: Make, threshold: float) -> None:
    neuron = make(threshold=threshold)
    inputs = currents(neuron, shape=(3, 15, 15))
    with torch.no_grad():
        spikes = neuron.run(inputs, STEPS)

        assert torch.equal(spikes, neuron.unroll(inputs, STEPS)[0])
        assert torch.equal(spikes, neuron.rule.run(inputs, STEPS) * neuron.height)
    assert spikes.unique().tolist() == [0, pytest.approx(float(neuron.height.detach()))]


@MEMBERS
def test_a_threshold_below_its_floor_counts_as_that_and_can_rise_again(make: Make) -> None:
    neuron = make(threshold=-2.0)
    floor = neuron.floor

    assert float(neuron.drop) == pytest.approx(floor)
    assert float(neuron.height.detach()) == pytest.approx(floor / neuron.charging.dt)
    neuron.run(torch.full((1, 1, 1), 100.0), STEPS).sum().backward()
    assert neuron.threshold.grad is not None
    assert float(neuron.threshold.grad) > 0


def test_steps_have_the_gradient_of_their_surrogate() -> None:
    neuron = DsrIfNeuron(threshold=2.0, alpha=0.5, surrogate=Triangle())
    current = torch.tensor([[0.9, 5.0]], requires_grad=True)

    spikes, _ = neuron.step(current, None)
    spikes.sum().backward()

    assert spikes.tolist() == [[0, 2]]
    assert current.grad is not None
    assert current.grad[0, 0] != 0
    assert neuron.threshold.grad is None
