"""The way from numbers that an ascent may move, through a generator, to the stimulus that a screen would show.

The 8-bit step and the choice of the nearest code are passed straight through (Bengio et al. 2013, arXiv 1308.3432).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from spikeatlas.snn.generators import CodeGenerator, Generator

Confine = Callable[[Tensor], Tensor]
"""Latents (n, d) to the nearest ones that a search may choose."""


class LatentPath(ABC):
    """One kind of latents of a generator."""

    scale: float
    """Deviation of the numbers that are moved, as the codebook or the prior has them."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    @abstractmethod
    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Draw points (n, d): independent uniform codes, or the prior's vectors."""

    @abstractmethod
    def free(self, points: Tensor) -> Tensor:
        """Return the numbers (n, ...) that are moved, at points (n, d)."""

    @abstractmethod
    def points(self, free: Tensor) -> Tensor:
        """Return the points (n, d) nearest to such numbers."""

    @abstractmethod
    def inputs_of(self, points: Tensor) -> Tensor:
        """Return the generator's inputs (n, ...), in which there are gradients, at points (n, d)."""

    @abstractmethod
    def pixels(self, inputs: Tensor) -> Tensor:
        """Return pixels (n, c, h, w) of inputs, before they are clipped to [0, 1]."""

    def stimuli(self, inputs: Tensor) -> Tensor:
        """Return what is shown (n, c, h, w), float32 of whole numbers 0..255, with a gradient."""
        pixels = self.pixels(inputs).clamp(0, 1) * 255
        return pixels + (pixels.round() - pixels).detach()


class VectorPath(LatentPath):
    """Gaussian latents, which are moved themselves."""

    scale = 1.0

    def __init__(self, generator: Generator, confine: Confine | None = None) -> None:
        """``confine``: to what a search may choose; anything if left out."""
        super().__init__(generator)
        self._confine = confine or torch.clone

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """See ``LatentPath``."""
        return torch.randn((count, self.generator.latent.size), generator=random)

    def free(self, points: Tensor) -> Tensor:
        """See ``LatentPath``."""
        return points.clone()

    def points(self, free: Tensor) -> Tensor:
        """See ``LatentPath``."""
        return self._confine(free)

    def inputs_of(self, points: Tensor) -> Tensor:
        """See ``LatentPath``."""
        return points

    def pixels(self, inputs: Tensor) -> Tensor:
        """See ``LatentPath``."""
        return self.generator.pixels(inputs)


class CodePath(LatentPath):
    """Codes, by way of their vectors: free vectors stand for the nearest codes."""

    generator: CodeGenerator

    def __init__(self, generator: CodeGenerator) -> None:
        super().__init__(generator)
        self.codebook = generator.codebook
        self.scale = float(self.codebook.std())

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """See ``LatentPath``."""
        shape = (count, self.generator.positions)
        return torch.randint(len(self.codebook), shape, generator=random)

    def free(self, points: Tensor) -> Tensor:
        """See ``LatentPath``."""
        return self.codebook[points].clone()

    def points(self, free: Tensor) -> Tensor:
        """See ``LatentPath``."""
        return self.generator.nearest(free.flatten(0, 1)).view(free.shape[:2])

    def inputs_of(self, points: Tensor) -> Tensor:
        """See ``LatentPath``."""
        return self.codebook[points]

    def pixels(self, inputs: Tensor) -> Tensor:
        """See ``LatentPath``."""
        return self.generator.render(inputs)


def make_path(generator: Generator, confine: Confine | None = None) -> LatentPath:
    """Make the path of a generator's latents. ValueError where it is not ``differentiable``."""
    if not generator.differentiable:
        raise ValueError(
            "generator: its pixels have no gradient in its latents, or the vectors of its codes are not known; choose vqvae or "
            "sngan, or leave out what climbs (the guide, the method twin)"
        )
    return (
        CodePath(generator)
        if isinstance(generator, CodeGenerator)
        else VectorPath(generator, confine)
    )
