"""Parts of images or maps, as the units of a convolution see them."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def patches_at(
    inputs: Tensor, cells: Tensor, *, size: tuple[int, int], side: int, padding: int, step: int = 1
) -> Tensor:
    """Return the squares (k, c, side, side) of padded inputs (n, c, h, w) that some units see.

    ``cells`` (k,) count the units of maps of a ``size`` (height, width), image by image; neighbours see squares ``step`` apart.
    """
    windows = functional.pad(inputs, (padding,) * 4).unfold(2, side, 1).unfold(3, side, 1)
    high, wide = size
    image, place = cells // (high * wide), cells % (high * wide)
    return windows[image, :, place // wide * step, place % wide * step]
