"""Numbers that are mostly 0, and convolutions behind which a maximum stands."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.networks.folded.map_pools import largest_of_maps

KERNELS = pytest.mark.parametrize(
    ("kernel", "padding"), [((3, 3), (1, 1)), ((5, 2), (4, 0)), ((1, 1), (0, 0))]
)
SIZES = pytest.mark.parametrize("size", [(8, 10), (9, 7)])
CHANNELS = pytest.mark.parametrize(("channels", "filters"), [(1, 5), (3, 70), (70, 17)])


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def sparse(*shape: int, seed: int) -> Tensor:
    """Return numbers a third of which is not 0."""
    numbers = drawn(*shape, seed=seed)
    return numbers * (drawn(*shape, seed=seed + 1) > 0.5)


class Pooled(NamedTuple):
    """Largest currents of each 2x2, by torch, and gradients that arrive at them."""

    currents: Tensor
    places: Tensor
    arriving: Tensor


def pooled(frames: Tensor, weight: Tensor, padding: tuple[int, int]) -> Pooled:
    maps = functional.conv2d(frames, weight, padding=padding)
    currents = functional.max_pool2d(maps, 2)
    places = torch.empty(currents.shape, dtype=torch.uint8)
    largest_of_maps(maps.detach().numpy(), torch.empty(currents.shape).numpy(), places.numpy())
    return Pooled(currents, places, sparse(*currents.shape, seed=3))


def assert_close(slopes: Tensor, expected: Tensor) -> None:
    """Let gradients be torch's up to rounding."""
    scale = float(expected.abs().max())
    assert scale > 0
    torch.testing.assert_close(slopes, expected, rtol=0, atol=1e-5 * scale)
