"""Links inside populations: by hand, without weights, and never from one population to another."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import Tensor

from spikeatlas.snn.neurons import (
    LATERAL,
    ClifNeuron,
    IntraLayerNeuron,
    LeakyNeuron,
    Links,
    SpikingNeuron,
)
from tests.snn.own_layers import TernaryNeuron

POPULATIONS, SIZE, STEPS = 3, 4, 9


def linked(
    neurons: SpikingNeuron, links: Links, populations: int = POPULATIONS, size: int = SIZE
) -> IntraLayerNeuron:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return IntraLayerNeuron(neurons, populations, size, links)


def drawn(steps: int = STEPS, images: int = 6) -> Tensor:
    shape = (steps, images, POPULATIONS * SIZE)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.2


def test_five_steps_by_hand() -> None:
    """Two neurons with a current of 0.25 at every step, a decay of 1, and spikes above 0.5 (reset to zero)."""
    neurons = linked(ClifNeuron(current_decay=0.0, membrane_decay=1.0, threshold=0.5), "full", 1, 2)
    with torch.no_grad():
        # the first excites itself; the second is held down by the first and has a current of its own
        neurons.weight = torch.nn.Parameter(torch.tensor([[[0.125, 0.0], [-1.0, 0.0]]]))
        neurons.bias = torch.nn.Parameter(torch.tensor([[0.0, 0.5]]))

    spikes, _ = neurons.unroll(torch.full((1, 1, 2), 0.25), 5)

    # v1: .25, .5, .75 (spike), .25 + .125 = .375, .625 (spike)
    # v2: .75 (spike), .75 (spike), .75 (spike), .75 - 1 = -.25, .5
    assert spikes[:, 0].tolist() == [[0, 1], [0, 1], [1, 1], [0, 0], [1, 0]]
    assert torch.equal(neurons.run(torch.full((1, 1, 2), 0.25), 5), spikes)


@pytest.mark.parametrize("links", get_args(Links))
@pytest.mark.parametrize("make", [ClifNeuron, TernaryNeuron, lambda: LeakyNeuron(0.9, 1.0)])
def test_without_weights_it_is_the_plain_head(make: type[SpikingNeuron], links: Links) -> None:
    neurons, plain = linked(make(), links), make()
    for parameter in neurons.parameters():
        parameter.data.zero_()

    assert torch.equal(neurons.run(drawn(), STEPS), plain.run(drawn(), STEPS))


@pytest.mark.parametrize("links", get_args(Links))
def test_no_weight_joins_two_populations(links: Links) -> None:
    """A population's spikes have no gradient in another's currents, and do not change with them."""
    neurons, currents = linked(ClifNeuron(), links), drawn().requires_grad_()
    with torch.no_grad():
        for parameter in neurons.parameters():
            parameter.mul_(3)

    spikes = neurons.run(currents, STEPS)
    spikes[:, :, SIZE : 2 * SIZE].sum().backward()

    assert currents.grad is not None
    reached = currents.grad.abs().sum((0, 1)).reshape(POPULATIONS, SIZE).sum(1) > 0
    assert reached.tolist() == [False, True, False]
    others = currents.detach().clone()
    others[:, :, :SIZE] += 5
    assert torch.equal(neurons.run(others, STEPS)[:, :, SIZE:], spikes[:, :, SIZE:])


@pytest.mark.parametrize(
    ("links", "weights", "biases"),
    [
        ("none", 0, 0),
        ("full", SIZE * SIZE, SIZE),
        ("no-self", SIZE * (SIZE - 1), SIZE),
        ("no-lateral", SIZE, SIZE),
        ("bias", 0, SIZE),
        ("self", SIZE, 0),
    ],
)
def test_every_ablation_learns_what_it_has(links: Links, weights: int, biases: int) -> None:
    neurons = linked(ClifNeuron(), links)

    neurons.run(drawn().requires_grad_(), STEPS).sum().backward()

    counts = {
        name: int((parameter.grad != 0).sum())
        for name, parameter in neurons.named_parameters()
        if parameter.grad is not None
    }
    assert counts.get("weight", 0) == POPULATIONS * weights
    assert counts.get("bias", 0) == POPULATIONS * biases
    # a link that is not there is 0, in its checkpoint too
    assert neurons.weight is None or int((neurons.weight != 0).sum()) == POPULATIONS * weights


@pytest.mark.parametrize("links", get_args(Links))
@pytest.mark.parametrize("steps", [1, STEPS])
def test_a_run_equals_its_steps(links: Links, steps: int) -> None:
    neurons = linked(LeakyNeuron(0.9, 1.0), links)

    spikes = neurons.run(drawn(steps), STEPS)

    assert torch.equal(spikes, neurons.unroll(drawn(steps), STEPS)[0])
    for images in (1, 2, 5):
        assert torch.equal(neurons.run(drawn(steps)[:, :images], STEPS), spikes[:, :images])


@pytest.mark.parametrize("links", get_args(Links))
def test_a_neuron_that_never_fires_reaches_no_other(links: Links) -> None:
    neurons, currents = linked(ClifNeuron(), links), drawn()
    whole = neurons.run(currents, STEPS)

    muted = neurons.without(1).without(6)

    spikes = muted.run(currents, STEPS)
    assert not spikes[:, :, [1, 6]].any()
    assert torch.equal(spikes, muted.unroll(currents, STEPS)[0])
    assert torch.equal(spikes[:, :, 8:], whole[:, :, 8:])
    rest = [0, 2, 3, 4, 5, 7]
    assert torch.equal(spikes[:, :, rest], whole[:, :, rest]) == (links not in ("full", "no-self"))
    assert torch.equal(neurons.run(currents, STEPS), whole)


def test_spikes_count_in_units_of_their_height() -> None:
    """Ternary spikes are 0.5 high and of both signs: each hands on a whole weight."""
    neurons = linked(TernaryNeuron(), "self", 1, 1)
    assert neurons.weight is not None
    neurons.weight.data.fill_(-1.0)

    spikes = neurons.run(torch.full((1, 1, 1), 0.75), 3)

    assert (neurons.height, neurons.signed, neurons.binary) == (0.5, True, False)
    assert spikes.flatten().tolist() == [0.5, 0.0, 0.5]
    assert set(LATERAL) < set(get_args(Links))
