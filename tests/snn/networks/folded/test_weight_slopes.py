"""Gradients of the weights of a convolution before a pool, of inputs that are mostly 0."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.networks.folded.map_pools import largest_of_maps
from spikeatlas.snn.networks.folded.weight_slopes import (
    are_sparse,
    strided_weight_slopes,
    weight_slopes,
)


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
    weight = drawn(filters, channels, *kernel, seed=2).requires_grad_()
    frames = sparse(3, channels, *size, seed=0)
    maps = functional.conv2d(frames, weight, padding=padding)
    pooled = functional.max_pool2d(maps, 2)
    arriving = sparse(*pooled.shape, seed=3)
    (expected,) = torch.autograd.grad(pooled, weight, arriving)

    places = torch.empty(pooled.shape, dtype=torch.uint8)
    largest_of_maps(maps.detach().numpy(), torch.empty(pooled.shape).numpy(), places.numpy())
    slopes = weight_slopes(arriving, places, frames, padding, weight.detach())
    scale = float(expected.abs().max())
    assert scale > 0
    torch.testing.assert_close(slopes, expected, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize(
    ("kernel", "padding"), [((4, 4), (1, 1)), ((6, 3), (4, 0)), ((2, 2), (0, 1))]
)
@pytest.mark.parametrize("size", [(8, 10), (9, 7)])
@pytest.mark.parametrize(("channels", "filters"), [(1, 5), (3, 70)])
def test_gradients_of_weights_with_a_stride_are_torchs(
    kernel: tuple[int, int],
    padding: tuple[int, int],
    size: tuple[int, int],
    channels: int,
    filters: int,
) -> None:
    frames = sparse(3, channels, *size, seed=0)
    weight = drawn(filters, channels, *kernel, seed=2).requires_grad_()
    maps = functional.conv2d(frames, weight, padding=padding, stride=2)
    arriving = drawn(*maps.shape, seed=3)
    (expected,) = torch.autograd.grad(maps, weight, arriving)
    slopes = strided_weight_slopes(arriving, frames, padding, weight.detach())
    torch.testing.assert_close(slopes, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_many_frames_are_summed_as_one_after_the_other() -> None:
    frames, weight = sparse(40, 2, 16, 16, seed=0), drawn(64, 2, 3, 3, seed=1)
    arriving = drawn(40, 64, 8, 8, seed=2)
    places = torch.randint(
        4, arriving.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(3)
    )
    whole = weight_slopes(arriving, places, frames, (1, 1), weight)
    single = sum(
        weight_slopes(arriving[n : n + 1], places[n : n + 1], frames[n : n + 1], (1, 1), weight)
        for n in range(40)
    )
    torch.testing.assert_close(whole, single, rtol=0, atol=1e-4)


def test_few_numbers_or_channels_that_torch_fills_up_are_sparse() -> None:
    assert are_sparse(sparse(4, 32, 8, 8, seed=0))
    assert not are_sparse(torch.ones(4, 32, 8, 8))
    assert are_sparse(torch.ones(4, 3, 8, 8))
    assert are_sparse(torch.ones(0, 3, 8, 8))
