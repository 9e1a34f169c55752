"""Gradients of the inputs of a convolution behind which a maximum stands."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.networks.folded.input_slopes import input_slopes
from spikeatlas.snn.networks.folded.map_pools import largest_of_maps


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def sparse(*shape: int, seed: int) -> Tensor:
    """Return numbers a third of which is not 0."""
    numbers = drawn(*shape, seed=seed)
    return numbers * (drawn(*shape, seed=seed + 1) > 0.5)


@pytest.mark.parametrize(
    ("kernel", "padding"), [((3, 3), (1, 1)), ((5, 2), (4, 0)), ((1, 1), (0, 0))]
)
@pytest.mark.parametrize("size", [(8, 10), (9, 7)])
@pytest.mark.parametrize(("channels", "filters"), [(1, 5), (3, 70), (70, 17)])
def test_gradients_are_torchs(
    kernel: tuple[int, int],
    padding: tuple[int, int],
    size: tuple[int, int],
    channels: int,
    filters: int,
) -> None:
    frames = sparse(3, channels, *size, seed=0).requires_grad_()
    weight = drawn(filters, channels, *kernel, seed=2)
    maps = functional.conv2d(frames, weight, padding=padding)
    pooled = functional.max_pool2d(maps, 2)
    arriving = sparse(*pooled.shape, seed=3)
    (expected,) = torch.autograd.grad(pooled, frames, arriving)

    places = torch.empty(pooled.shape, dtype=torch.uint8)
    largest_of_maps(maps.detach().numpy(), torch.empty(pooled.shape).numpy(), places.numpy())
    slopes = input_slopes(arriving, places, weight, padding, frames.shape)
    scale = float(expected.abs().max())
    assert scale > 0
    torch.testing.assert_close(slopes, expected, rtol=0, atol=1e-5 * scale)
