"""Patches are what a convolution sees."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from spikeatlas.snn.students.patches import patches_at


@pytest.mark.parametrize(("side", "padding", "step"), [(3, 1, 1), (5, 2, 2), (2, 0, 2)])
def test_a_kernel_over_patches_is_a_convolution(side: int, padding: int, step: int) -> None:
    random = torch.Generator().manual_seed(0)
    inputs = torch.randn((4, 3, 8, 6), generator=random)
    kernel = torch.randn((5, 3, side, side), generator=random)
    maps = functional.conv2d(inputs, kernel, None, step, padding)
    cells = torch.randint(4 * maps.shape[2] * maps.shape[3], (20,), generator=random)

    size = (maps.shape[2], maps.shape[3])
    patches = patches_at(inputs, cells, size=size, side=side, padding=padding, step=step)

    assert patches.shape == (20, 3, side, side)
    cells_of_maps = maps.flatten(2).transpose(1, 2).flatten(0, 1)[cells]
    torch.testing.assert_close(patches.flatten(1) @ kernel.flatten(1).T, cells_of_maps)
