"""The fused layer equals snnTorch's loop: spikes exactly, gradients up to rounding."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.neurons.leaky import LeakyNeuron
from tests.snn.nets import network, noise_images


def gradients(
    neuron: LeakyNeuron, currents: Tensor, steps: int, *, fused: bool
) -> tuple[Tensor, Tensor]:
    """Spikes, and the gradient of currents under random weights of the spikes."""
    currents = currents.clone().requires_grad_()
    spikes = neuron.run(currents, steps) if fused else neuron.unroll(currents, steps)[0]
    weights = torch.randn(spikes.shape, generator=torch.Generator().manual_seed(7))
    (spikes * weights).sum().backward()
    assert currents.grad is not None
    return spikes.detach(), currents.grad


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("steps", [1, 8, 25])
@pytest.mark.parametrize("shape", [(3, 700), (2, 5, 4, 4)])
def test_spikes_and_gradients_equal_snntorchs(
    reset: Literal["subtract", "zero"], static: bool, steps: int, shape: tuple[int, ...]
) -> None:
    generator = torch.Generator().manual_seed(0)
    currents = torch.randn((1 if static else steps, *shape), generator=generator) * 0.4 + 0.1
    neuron = LeakyNeuron(0.9, 1.0, reset)

    spikes, found = gradients(neuron, currents, steps, fused=True)
    wanted_spikes, wanted = gradients(neuron, currents, steps, fused=False)

    assert torch.equal(spikes, wanted_spikes)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


def test_neurons_may_differ() -> None:
    neuron = LeakyNeuron(
        torch.tensor([0.0, 0.5, 1.0])[:, None, None], torch.tensor([0.3, 1.0, 2.0])[:, None, None]
    )
    currents = torch.rand((6, 2, 3, 4, 4), generator=torch.Generator().manual_seed(1))

    spikes, found = gradients(neuron, currents, 6, fused=True)
    wanted_spikes, wanted = gradients(neuron, currents, 6, fused=False)

    assert torch.equal(spikes, wanted_spikes)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


def test_another_reset_or_threshold_is_noticed() -> None:
    currents = torch.rand((1, 4, 50), generator=torch.Generator().manual_seed(1)) * 0.5
    wanted = LeakyNeuron(0.9, 1.0).unroll(currents, 20)[0]

    for other in (LeakyNeuron(0.9, 1.0, "zero"), LeakyNeuron(0.9, 1.001)):
        assert not torch.equal(other.run(currents, 20), wanted)


@pytest.mark.parametrize("coding", ["current", "poisson"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_a_training_step_equals_snntorchs(coding: str, reset: str) -> None:
    images = noise_images(6)
    found = []
    for name in ("forward", "unroll"):
        net = network(coding=coding, reset=reset, time_steps=12)
        counts = getattr(net, name)(encode(net, images, CodingKey(0, "", "train"))).sum(0)
        torch.nn.functional.cross_entropy(counts, torch.arange(6)).backward()
        found.append((counts.detach(), [parameter.grad for parameter in net.parameters()]))

    (counts, slopes), (wanted_counts, wanted_slopes) = found
    assert torch.equal(counts, wanted_counts)
    for slope, wanted in zip(slopes, wanted_slopes, strict=True):
        assert slope is not None
        assert wanted is not None
        scale = float(wanted.abs().max())
        torch.testing.assert_close(slope, wanted, rtol=1e-4, atol=1e-4 * scale)
