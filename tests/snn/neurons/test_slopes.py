"""Compiled passes know every surrogate that is built in, and equal the steps with each."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons import (
    SURROGATES,
    FastSigmoid,
    LeakyNeuron,
    LifNeuron,
    SpikingNeuron,
    SurrogateSpec,
)
from spikeatlas.snn.neurons.slopes import slope_code, slopes
from spikeatlas.snn.registry import SPEC

SURROGATE_FIELDS: list[Any] = [
    *SURROGATES.members,
    {"kind": "fast-sigmoid", "slope": 25.0},
    {"kind": "atan", "alpha": 3.0},
    {"kind": "triangle", "height": 1.5, "width": 0.7},
    {"kind": "rectangle", "width": 0.3},
]


def neuron(kind: str, reset: Literal["subtract", "zero"], surrogate: SurrogateSpec) -> Any:
    if kind == "leaky":
        return LeakyNeuron(0.9, 1.0, reset, surrogate)
    decays = kind == "lif"
    return LifNeuron(tau=1.7, hard=reset == "zero", decay_input=decays, surrogate=surrogate)


def gradients(neurons: SpikingNeuron, currents: Tensor, *, fused: bool) -> tuple[Tensor, Tensor]:
    currents = currents.clone().requires_grad_()
    spikes = neurons.run(currents, 9) if fused else neurons.unroll(currents, 9)[0]
    weights = torch.randn(spikes.shape, generator=torch.Generator().manual_seed(7))
    (spikes * weights).sum().backward()
    assert currents.grad is not None
    return spikes.detach(), currents.grad


@pytest.mark.parametrize("fields", SURROGATE_FIELDS, ids=str)
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("kind", ["leaky", "lif", "lif whose input does not decay"])
def test_one_pass_equals_the_steps(
    kind: str, reset: Literal["subtract", "zero"], fields: Any
) -> None:
    neurons = neuron(kind, reset, SURROGATES.read(fields))
    for steps in (1, 9):
        currents = torch.randn((steps, 3, 700), generator=torch.Generator().manual_seed(0)) + 0.3

        spikes, slope = gradients(neurons, currents, fused=True)
        stepped, expected = gradients(neurons, currents, fused=False)

        assert torch.equal(spikes, stepped)
        scale = float(expected.abs().max())
        torch.testing.assert_close(slope, expected, rtol=1e-5, atol=1e-5 * scale)
        assert slope.any()


@pytest.mark.parametrize("fields", SURROGATE_FIELDS, ids=str)
def test_a_slope_is_the_surrogates(fields: Any) -> None:
    surrogate = SURROGATES.read(fields)
    code = slope_code(surrogate)
    assert code is not None
    excess = torch.linspace(-2, 2, 401)
    result = np.empty(401, np.float32)
    slopes((excess + 1).numpy(), np.float32(1), code.shape(), result)

    expected = surrogate.gradient(torch.ones(401), (excess + 1) - 1)
    torch.testing.assert_close(torch.from_numpy(result), expected, rtol=1e-6, atol=1e-7)


@dataclass(frozen=True, config=SPEC)
class Halved(FastSigmoid):
    """A fast sigmoid of another height."""

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        return super().gradient(gradients, excess) / 2


@pytest.mark.parametrize("kind", ["leaky", "lif"])
def test_a_gradient_of_ones_own_is_stepped(kind: str) -> None:
    for surrogate in (Halved(), SURROGATES.read("tests.snn.own_layers:Straight")):
        assert slope_code(surrogate) is None
        neurons = neuron(kind, "subtract", surrogate)
        currents = torch.rand((9, 2, 40), generator=torch.Generator().manual_seed(0))

        for one, other in zip(
            gradients(neurons, currents, fused=True),
            gradients(neurons, currents, fused=False),
            strict=True,
        ):
            assert torch.equal(one, other)
