"""The resampled convolutions beside the two steps that each of them joins."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from spikeatlas.snn.generators.sngan.resampled_convolution import (
    convolve_enlarged,
    convolve_halved,
)


def test_an_enlarged_convolution_is_an_enlargement_and_a_convolution_with_the_same_gradients() -> (
    None
):
    convolution, maps = _case(height=5, width=7)
    plain = convolution(functional.interpolate(maps, scale_factor=2.0, mode="nearest"))
    _assert_alike(convolve_enlarged(maps, convolution), plain, convolution, maps)


def test_a_halved_convolution_is_a_convolution_and_a_mean_of_four_with_the_same_gradients() -> None:
    convolution, maps = _case(height=6, width=8)
    plain = functional.avg_pool2d(convolution(maps), 2)
    _assert_alike(convolve_halved(maps, convolution), plain, convolution, maps)


def _case(height: int, width: int) -> tuple[nn.Conv2d, torch.Tensor]:
    torch.manual_seed(0)
    convolution = nn.Conv2d(4, 6, 3, padding=1).double()
    maps = torch.randn(3, 4, height, width, dtype=torch.float64, requires_grad=True)
    return convolution, maps


def _assert_alike(
    joined: torch.Tensor, plain: torch.Tensor, convolution: nn.Conv2d, maps: torch.Tensor
) -> None:
    torch.testing.assert_close(joined, plain)
    weights = torch.randn_like(plain)
    values = [maps, *convolution.parameters()]
    expected = torch.autograd.grad((plain * weights).sum(), values)
    torch.testing.assert_close(torch.autograd.grad((joined * weights).sum(), values), expected)
