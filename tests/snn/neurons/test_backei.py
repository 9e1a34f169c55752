"""BackEISNN's two gates: each against a case by hand, and both off against plain leaky neurons."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.neurons import (
    NEURONS,
    BackEINeuron,
    BackEISpec,
    NeuronSite,
    Rectangle,
    SpikingNeuron,
)

SHAPE, STEPS = (3, 5, 4), 7
GATES = [(True, True), (True, False), (False, True)]


def built(shape: tuple[int, ...] = SHAPE, **fields: Any) -> SpikingNeuron:
    site = NeuronSite("a", shape, STEPS, 0.9, threshold=0.5, surrogate=Rectangle())
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return BackEISpec(**fields).build(site)


def drawn(shape: tuple[int, ...] = SHAPE, steps: int = STEPS) -> Tensor:
    return torch.randn((steps, 6, *shape), generator=torch.Generator().manual_seed(0)) + 0.3


def leaky(currents: Tensor) -> Tensor:
    """Spikes of u = 0.2 u (1 - o) + I; o = [u > 0.5], step by step."""
    membrane, fired, spikes = torch.zeros_like(currents[0]), torch.zeros_like(currents[0]), []
    for current in currents:
        membrane = 0.2 * membrane * (1 - fired) + current
        fired = (membrane > 0.5).float()
        spikes.append(fired)
    return torch.stack(spikes)


def gate(weight: float, bias: float) -> nn.Conv2d:
    """A 1x1 gate of one channel."""
    convolution = nn.Conv2d(1, 1, 1)
    nn.init.constant_(convolution.weight, weight)
    assert convolution.bias is not None
    nn.init.constant_(convolution.bias, bias)
    return convolution


def test_without_gates_it_is_a_plain_leaky_neuron() -> None:
    neurons = built(back=False, ei=False)

    assert torch.equal(neurons.run(drawn(), STEPS), leaky(drawn()))
    assert not list(neurons.parameters())
    assert neurons.binary


@pytest.mark.parametrize(("back", "ei"), GATES)
def test_layers_of_units_have_no_gate(*, back: bool, ei: bool) -> None:
    neurons = built((8,), back=back, ei=ei)

    assert torch.equal(neurons.run(drawn((8,)), STEPS), leaky(drawn((8,))))
    assert not list(neurons.parameters())
    assert (neurons.signed, neurons.binary) == (False, True)


def test_a_gate_without_weights_halves_the_current() -> None:
    neurons = built(ei=False)
    for parameter in neurons.parameters():
        parameter.data.zero_()

    assert torch.equal(neurons.run(drawn(), STEPS), leaky(drawn() * 0.5))


def test_the_last_spikes_gate_the_current() -> None:
    neurons = BackEINeuron(gate(weight=-4.0, bias=2.0), None, decay=0.0)
    current = torch.ones((1, 1, 1, 1, 1))

    spikes, (membrane, _) = neurons.unroll(current, 4)

    # sigmoid(2) = .88 after no spike, sigmoid(2 - 4) = .12 after one
    assert spikes.flatten().tolist() == [1, 0, 1, 0]
    assert float(membrane.detach()) == pytest.approx(0.1192, abs=1e-4)


def test_the_sign_is_that_of_the_membrane_before_its_reset() -> None:
    """Read after the reset, the argument would be 0.7, for the membrane is then 0."""
    neurons = BackEINeuron(None, gate(weight=-1.0, bias=0.7))

    spikes = neurons.run(torch.tensor([0.6, 1.0]).view(2, 1, 1, 1, 1), 2)

    assert spikes.flatten().tolist() == [1, -1]


@pytest.mark.parametrize(("back", "ei"), GATES)
def test_only_signed_spikes_are_negative(*, back: bool, ei: bool) -> None:
    neurons = built(back=back, ei=ei)

    spikes = neurons.run(drawn() * 2, STEPS)

    assert set(spikes.unique().tolist()) == ({-1, 0, 1} if ei else {0, 1})
    assert neurons.signed == ei
    assert neurons.unit(STEPS, SHAPE[1:]).bottom == (-1 if ei else 0)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize(("back", "ei"), GATES)
@pytest.mark.parametrize("last", [True, False], ids=["channels last", "channels first"])
def test_a_run_equals_its_steps_for_any_batch(
    *, back: bool, ei: bool, kernel: int, last: bool
) -> None:
    neurons, currents = built(back=back, ei=ei, kernel=kernel), drawn() * 2
    spikes = neurons.run(currents, STEPS)

    if last:
        currents = currents.movedim(2, -1).contiguous().movedim(-1, 2)
    assert torch.equal(neurons.unroll(currents, STEPS)[0], spikes)
    for images in (slice(0, 1), slice(2, 3), slice(1, 4), slice(0, 5)):
        assert torch.equal(neurons.run(currents[:, images], STEPS), spikes[:, images])


@pytest.mark.parametrize(("back", "ei"), GATES)
def test_gradients_reach_every_gate(*, back: bool, ei: bool) -> None:
    neurons, currents = built(back=back, ei=ei), drawn().requires_grad_()

    neurons.run(currents, STEPS).sum().backward()

    gates = [parameter.grad for parameter in neurons.parameters()]
    assert len(gates) == 2 * (back + ei)
    assert all(values is not None and values.any() for values in [*gates, currents.grad])


def test_a_sign_has_the_surrogates_gradient() -> None:
    """The argument is 0.6 - 0.4 = 0.2, the excess 0.1: both within the rectangle; d s = d o g + o d g."""
    neurons = BackEINeuron(None, gate(weight=1.0, bias=-0.4), surrogate=Rectangle())
    current = torch.tensor(0.6).view(1, 1, 1, 1, 1).requires_grad_()

    neurons.run(current, 1).sum().backward()

    assert current.grad is not None
    assert float(current.grad) == 2
    assert neurons.ei is not None
    assert neurons.ei.bias is not None
    assert float(neurons.ei.bias.grad or 0) == 1


@pytest.mark.parametrize(("back", "ei"), GATES)
def test_a_channel_that_never_fires_feeds_no_gate(*, back: bool, ei: bool) -> None:
    neurons, currents = built(back=back, ei=ei), drawn() * 2
    others = neurons.without(1)
    assert others is not None

    spikes = others.run(currents, STEPS)

    whole = neurons.run(currents, STEPS)
    assert not spikes[:, :, 1].any()
    assert torch.equal(spikes[:, :, [0, 2]], whole[:, :, [0, 2]]) == (not back)


@pytest.mark.parametrize(
    ("fields", "steps", "words"),
    [
        ({"kernel": 4}, 8, "kernel is 4: it must be odd, so that maps keep their size; use 5"),
        ({}, 1, "back: one time step leaves no spike to feed back"),
        ({"ei": False}, 1, "set network.time_steps to 2 or more, or back to false"),
    ],
)
def test_what_cannot_run_is_said(fields: dict[str, Any], steps: int, words: str) -> None:
    spec = NEURONS.read({"kind": "backei", **fields})

    assert words in spec.problems(steps)[0]
    assert NEURONS.read({"kind": "backei", "back": False}).problems(1) == []
