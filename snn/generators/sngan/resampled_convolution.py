"""3x3 convolutions beside a change of size, each in one operator of fewer products.

An enlargement by nearest neighbours before a convolution, and a mean of four behind one, are linear: both become part of a 4x4
kernel of stride 2, with 4 products where there were 9, and 16 where there were 36.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def convolve_enlarged(maps: Tensor, convolution: nn.Conv2d) -> Tensor:
    """Convolve maps (n, c, h, w) at twice their size, enlarged by nearest neighbours: (n, k, 2h, 2w).

    ``convolution``: 3x3, padding 1. Each of the four pixels that one becomes meets its own shift of the kernel.
    """
    kernel = _spread(convolution.weight).flip(2, 3).transpose(0, 1)
    return functional.conv_transpose2d(maps, kernel, convolution.bias, stride=2, padding=1)


def convolve_halved(maps: Tensor, convolution: nn.Conv2d) -> Tensor:
    """Convolve maps (n, c, h, w) and take the mean of each four pixels: (n, k, h / 2, w / 2), of even sizes.

    ``convolution``: 3x3, padding 1.
    """
    kernel = _spread(convolution.weight) / 4
    return functional.conv2d(maps, kernel, convolution.bias, stride=2, padding=1)


def _spread(kernel: Tensor) -> Tensor:
    """Sum the four shifts of a kernel (k, c, 3, 3) by one pixel: (k, c, 4, 4)."""
    margins = [(x, 1 - x, y, 1 - y) for y in (0, 1) for x in (0, 1)]
    return torch.stack([functional.pad(kernel, margin) for margin in margins]).sum(dim=0)
