"""Gradients of the weights of a convolution before a pool, of inputs that are mostly 0."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from spikeatlas.snn.networks.folded.weight_slopes import (
    are_sparse,
    strided_weight_slopes,
    weight_slopes,
)
from tests.snn.networks.folded.pooled import (
    CHANNELS,
    KERNELS,
    SIZES,
    assert_close,
    drawn,
    pooled,
    sparse,
)


@KERNELS
@SIZES
@CHANNELS
def test_gradients_are_torchs(
    kernel: tuple[int, int],
    padding: tuple[int, int],
    size: tuple[int, int],
    channels: int,
    filters: int,
) -> None:
    weight = drawn(filters, channels, *kernel, seed=2).requires_grad_()
    frames = sparse(3, channels, *size, seed=0)
    currents, places, arriving = pooled(frames, weight, padding)
    (expected,) = torch.autograd.grad(currents, weight, arriving)
    assert_close(weight_slopes(arriving, places, frames, padding, weight.detach()), expected)


@pytest.mark.parametrize(
    ("kernel", "padding"), [((4, 4), (1, 1)), ((6, 3), (4, 0)), ((2, 2), (0, 1))]
)
@SIZES
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
    assert_close(strided_weight_slopes(arriving, frames, padding, weight.detach()), expected)


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
