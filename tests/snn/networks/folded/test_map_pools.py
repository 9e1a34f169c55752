"""Compiled pools: torch's values and gradients, bit for bit."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.networks.folded.map_pools import (
    average_maps,
    largest_of_maps,
    spread_to_largest,
)


def maps(*size: int) -> Tensor:
    """Maps with many values that are equal."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn((3, 4, *size), generator=generator).round(decimals=1)


@pytest.mark.parametrize("size", [(6, 8), (7, 9), (2, 3)])
def test_means_are_torchs(size: tuple[int, int]) -> None:
    values = maps(*size) / 3
    pooled = torch.empty((3, 4, size[0] // 2, size[1] // 2))
    average_maps(values.numpy(), pooled.numpy())

    assert torch.equal(pooled, functional.avg_pool2d(values, 2))


@pytest.mark.parametrize("size", [(6, 8), (7, 9), (2, 3)])
def test_maxima_and_their_gradients_are_torchs(size: tuple[int, int]) -> None:
    values = maps(*size)
    values[0, 0, 0, :2] = torch.nan
    values[0, 1, :2, :2] = -torch.inf
    values.requires_grad_()
    expected = functional.max_pool2d(values, 2)
    pooled, places = torch.empty(expected.shape), torch.empty(expected.shape, dtype=torch.uint8)
    largest_of_maps(values.detach().numpy(), pooled.numpy(), places.numpy())
    gradients = torch.randn(pooled.shape, generator=torch.Generator().manual_seed(1))
    (slopes,) = torch.autograd.grad(expected, values, gradients)
    result = torch.full(values.shape, 7.0)
    spread_to_largest(gradients.numpy(), places.numpy(), result.numpy())

    assert torch.equal(pooled.nan_to_num(9), expected.nan_to_num(9))
    assert torch.equal(result, slopes)
