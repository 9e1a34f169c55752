"""Generators with a codebook, whatever their two networks are."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from spikeatlas.snn.generators.base import Generator, Shape, to_pixels
from spikeatlas.snn.generators.latent import CodeLatent, Points, check_codes


class CodeGenerator(Generator):
    """Encoder, codebook, decoder. Nothing in it changes while it encodes or decodes.

    ``encoder``: pixels/255 (n, c, h, w) to maps (n, embedding, g, g); ``decoder``: such maps to
    pixels; ``codebook`` (codes, embedding): a buffer; ``positions`` = g * g.
    """

    codebook: Tensor

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        codebook: Tensor,
        *,
        positions: int,
        image_shape: Shape,
        width: int,
    ) -> None:
        super().__init__(image_shape, width)
        self.encoder, self.decoder, self.positions = encoder, decoder, positions
        self.register_buffer("codebook", codebook)

    @property
    def latent(self) -> CodeLatent:
        """Return what a point is: positions, codes and the codebook (a copy)."""
        codebook = self.codebook.detach().cpu().numpy().copy()
        return CodeLatent(self.positions, len(codebook), codebook)

    def nearest(self, vectors: Tensor) -> Tensor:
        """Codes (n,) of the entries nearest to ``vectors`` (n, embedding)."""
        offset = self.codebook.square().sum(dim=1)
        return torch.argmin(offset - 2 * vectors @ self.codebook.T, dim=1)

    def pixels(self, batch: Tensor) -> Tensor:
        """Pixels (n, c, h, w) of codes (n, positions), each 0..codes-1."""
        return self.render(self.codebook[batch.long()])

    def render(self, vectors: Tensor) -> Tensor:
        """Pixels (n, c, h, w) of code vectors (n, positions, embedding), row by row of the grid."""
        grid = math.isqrt(self.positions)
        pixels: Tensor = self.decoder(vectors.transpose(1, 2).reshape(len(vectors), -1, grid, grid))
        return pixels

    def check_points(self, points: Points) -> None:
        """Raise ValueError unless points are whole numbers (n, positions), each 0..codes-1."""
        check_codes(points, self.positions, len(self.codebook))

    @property
    def differentiable(self) -> bool:
        """By way of the codebook's vectors."""
        return True

    @property
    def encodes(self) -> bool:
        """An autoencoder has a way back."""
        return True

    def to_points(self, images: Tensor) -> Tensor:
        """Codes (n, positions), int64, of uint8 images (n, c, h, w)."""
        vectors = flatten_maps(self.encoder(to_pixels(images)))
        return self.nearest(vectors).view(len(images), -1)


def flatten_maps(maps: Tensor) -> Tensor:
    """Turn maps (n, embedding, g, g) into vectors (n*g*g, embedding), image by image, row by row."""
    return maps.permute(0, 2, 3, 1).flatten(0, 2)
