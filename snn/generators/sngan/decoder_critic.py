"""A residual GAN with a spectrally normalised critic (Miyato et al. 2018, arXiv 1802.05957).

Shapes as in the paper's CIFAR-10 networks, for any square size that halves down to a base of 4 to 7, but with
fewer channels where maps are as large as the image: a channel costs four times as much there as a block before.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.generators.sngan.resampled_convolution import (
    convolve_enlarged,
    convolve_halved,
)

SMALLEST, LARGEST = 8, 64
_SMALLEST_BASE = 4
# blocks of the critic at its lowest resolution: the paper's
_PLAIN_BLOCKS = 2


def doublings(size: int) -> int:
    """Return how often the base is doubled to reach ``size``: as often as it halves to 4 or more.

    ValueError for a size outside 8 to 64 or one that is odd after fewer halvings than leave 7 or less.
    """
    count = 0
    base = size
    while base % 2 == 0 and base // 2 >= _SMALLEST_BASE:
        base, count = base // 2, count + 1
    if not SMALLEST <= size <= LARGEST or base >= 2 * _SMALLEST_BASE:
        raise ValueError(
            f"generator.kind is sngan, which makes square images of 8 to 64 pixels that halve down to 4 to 7 "
            f"(8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64), but the images have {size}x{size}: resize them, or choose vqvae."
        )
    return count


class Decoder(nn.Module):
    """Latents (n, dim) to pixels (n, c, size, size) in [0, 1]: the paper's tanh, brought to that range."""

    def __init__(self, channels: int, size: int, dim: int, width: int, narrowing: int) -> None:
        super().__init__()
        count = doublings(size)
        widths = [*[width] * count, _narrowed(width, narrowing)]
        self.base = size >> count
        self.start = nn.Linear(dim, width * self.base**2)
        self.blocks = nn.Sequential(*itertools.starmap(_Up, itertools.pairwise(widths)))
        self.norm = nn.BatchNorm2d(widths[-1])
        self.end = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, latents: Tensor) -> Tensor:
        """Decode; in training mode normalised by the batch's own statistics."""
        maps = self.start(latents).view(len(latents), -1, self.base, self.base)
        # a fifth faster than planes one after the other, on one core
        maps = maps.contiguous(memory_format=torch.channels_last)
        maps = functional.relu(self.norm(self.blocks(maps)))
        pixels: Tensor = (torch.tanh(self.end(maps)) + 1) / 2
        return pixels


class _Up(nn.Module):
    """Twice the size: two convolutions, the first on the enlarged map, beside an enlarged shortcut."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.before, self.between = nn.BatchNorm2d(before), nn.BatchNorm2d(after)
        self.inner = nn.Conv2d(before, after, 3, padding=1)
        self.outer = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, maps: Tensor) -> Tensor:
        change = convolve_enlarged(functional.relu(self.before(maps)), self.inner)
        change = self.outer(functional.relu(self.between(change)))
        # a 1x1 convolution commutes with the enlargement, and costs a quarter before it
        enlarged: Tensor = change + _enlarge(self.shortcut(maps))
        return enlarged


class Critic(nn.Module):
    """Pixels (n, c, size, size) in [0, 1] to scores (n,): high is real. Built without spectral norm.

    It is added for training, and folded into plain weights afterwards (sngan_training.py).
    """

    def __init__(self, channels: int, size: int, width: int, narrowing: int) -> None:
        super().__init__()
        fine = _narrowed(width, narrowing)
        widths = [channels, fine, *[width] * (doublings(size) - 1)]
        downs = [
            _Down(before, after, first=place == 0)
            for place, (before, after) in enumerate(itertools.pairwise(widths))
        ]
        plain = [_Plain(widths[-1]) for _ in range(_PLAIN_BLOCKS)]
        self.blocks = nn.Sequential(*downs, *plain)
        self.end = nn.Linear(widths[-1], 1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores (n,)."""
        maps = functional.relu(self.blocks(2 * pixels - 1))
        # the sum, not the mean: scores must be able to pass the hinge's margins, which weights of norm one
        # keep them from otherwise
        scores: Tensor = self.end(maps.sum(dim=(2, 3)))[:, 0]
        return scores


class _Plain(nn.Module):
    """A residual block of the same size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.outer = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.outer(functional.relu(self.inner(functional.relu(maps))))
        return maps + change


class _Down(nn.Module):
    """Half the size: two convolutions, then the mean of four, beside a shortcut of the same kind."""

    def __init__(self, before: int, after: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.inner = nn.Conv2d(before, after, 3, padding=1)
        self.outer = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, maps: Tensor) -> Tensor:
        # pixels are not rectified
        change = self.inner(maps if self.first else functional.relu(maps))
        change = convolve_halved(functional.relu(change), self.outer)
        halved: Tensor = change + self.shortcut(functional.avg_pool2d(maps, 2))
        return halved


def _enlarge(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2.0, mode="nearest")


def _narrowed(width: int, narrowing: int) -> int:
    """Channels next to the pixels: at least one."""
    return max(width // narrowing, 1)
