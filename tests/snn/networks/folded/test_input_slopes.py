"""Gradients of the inputs of a convolution behind which a maximum stands."""

from __future__ import annotations

import torch

from spikeatlas.snn.networks.folded.input_slopes import input_slopes
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
    frames = sparse(3, channels, *size, seed=0).requires_grad_()
    weight = drawn(filters, channels, *kernel, seed=2)
    currents, places, arriving = pooled(frames, weight, padding)
    (expected,) = torch.autograd.grad(currents, frames, arriving)
    assert_close(input_slopes(arriving, places, weight, padding, frames.shape), expected)
