"""The largest number nearby is torch's own, and so is its gradient, of maps of any size and with equal numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.norms.nearby_maxima import nearby_maxima


def maps(*shape: int, levels: int = 0) -> Tensor:
    """Rectified numbers, which are often equal where there are few levels."""
    generator = torch.Generator().manual_seed(1)
    if levels:
        return torch.randint(levels, shape, generator=generator).float().requires_grad_()
    return torch.randn(shape, generator=generator).relu().requires_grad_()


@pytest.mark.parametrize("levels", [0, 3])
@pytest.mark.parametrize(
    "shape", [(3, 2, 9, 7), (2, 5, 1, 1), (1, 1, 2, 6), (4, 3, 16, 16)], ids=str
)
def test_values_and_gradients_are_those_of_torchs_pool(shape: tuple[int, ...], levels: int) -> None:
    weights = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    ours, theirs = maps(*shape, levels=levels), maps(*shape, levels=levels)
    ours_nearby, nearby = nearby_maxima(ours), functional.max_pool2d(theirs, 3, 1, 1)
    for result in (ours_nearby, nearby):
        (result * weights).sum().backward()

    assert torch.equal(ours_nearby, nearby)
    assert ours.grad is not None
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_maps_of_any_layout_and_type_are_taken() -> None:
    turned = maps(2, 6, 5, 3).detach().permute(0, 3, 1, 2)
    assert torch.equal(nearby_maxima(turned), functional.max_pool2d(turned, 3, 1, 1))
    double = turned.double()
    assert torch.equal(nearby_maxima(double), functional.max_pool2d(double, 3, 1, 1))
