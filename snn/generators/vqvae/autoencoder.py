"""A vector-quantised autoencoder: images as grids of codes (van den Oord et al. 2017)."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.generators.base import Shape
from spikeatlas.snn.generators.codes import CodeGenerator
from spikeatlas.snn.generators.vqvae.vqvae_fields import VQVAEFields


class Residual(nn.Module):
    """Adds what two convolutions make of a map; its shape stays."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.outer = nn.Conv2d(width, width, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (n, width, h, w) -> (n, width, h, w)."""
        change: Tensor = self.outer(functional.relu(self.inner(functional.relu(maps))))
        return maps + change


def build_vqvae(spec: VQVAEFields, image_shape: Shape, generator: torch.Generator) -> CodeGenerator:
    """Make an untrained network, its weights from ``generator`` alone and its codebook zero."""
    network = allocate_vqvae(spec, image_shape)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    nn.init.zeros_(network.codebook)
    return network


def allocate_vqvae(spec: VQVAEFields, image_shape: Shape) -> CodeGenerator:
    """Make a network with undefined weights; torch's global generator is not touched.

    Its codebook follows running means of what the encoder says, not a gradient (codebook.py).
    """
    halvings = count_halvings(spec.positions, image_shape[1])
    with torch.device("meta"):
        network = CodeGenerator(
            _encoder(image_shape[0], spec.width, spec.embedding, halvings),
            _decoder(image_shape[0], spec.width, spec.embedding, halvings),
            torch.empty(spec.codes, spec.embedding),
            positions=spec.positions,
            image_shape=image_shape,
            width=spec.width,
        )
    return network.to_empty(device="cpu")


def _encoder(channels: int, width: int, embedding: int, halvings: int) -> nn.Sequential:
    """Image -> grid of vectors: each strided convolution halves the size."""
    widths = [channels, *_widths(width, halvings)[::-1]]
    halves = [
        (nn.Conv2d(before, after, 4, stride=2, padding=1), nn.ReLU())
        for before, after in itertools.pairwise(widths)
    ]
    return nn.Sequential(
        *itertools.chain.from_iterable(halves),
        nn.Conv2d(widths[-1], width, 3, padding=1),
        Residual(width),
        nn.ReLU(),
        nn.Conv2d(width, embedding, 1),
    )


def _decoder(channels: int, width: int, embedding: int, halvings: int) -> nn.Sequential:
    """Grid of vectors -> image: each transposed convolution doubles the size."""
    widths = [width, *_widths(width, halvings)]
    doubles = [
        (nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ReLU(inplace=True))
        for before, after in itertools.pairwise(widths)
    ]
    return nn.Sequential(
        nn.Conv2d(embedding, width, 3, padding=1),
        Residual(width),
        nn.ReLU(inplace=True),
        *itertools.chain.from_iterable(doubles),
        nn.Conv2d(widths[-1], channels, 3, padding=1),
    )


def _widths(width: int, halvings: int) -> list[int]:
    """Channels of the maps between grid and image, the coarsest first; fine maps are costly."""
    return [width if step == 0 else max(width // 2, 1) for step in range(halvings)]


def allowed_positions(size: int) -> tuple[int, ...]:
    """Return the grids g*g that fit images of size x size pixels: size / g is a power of two."""
    grids = []
    while size >= 1:
        grids.append(size * size)
        if size % 2:
            break
        size //= 2
    return tuple(sorted(grids))


def count_halvings(positions: int, size: int) -> int:
    """Return how often an image's size is halved to reach the grid: log2(size / g).

    ValueError naming the allowed numbers of positions where the grid does not fit the image.
    """
    allowed = allowed_positions(size)
    if positions not in allowed:
        raise ValueError(
            f"generator.positions is {positions}: images of {size}x{size} pixels allow "
            f"{', '.join(map(str, allowed))} (g*g, where {size} / g is a power of two); choose one "
            "of these or resize the images."
        )
    return (size // math.isqrt(positions)).bit_length() - 1
