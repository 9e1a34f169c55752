"""A vector-quantised autoencoder: images as grids of codes (van den Oord et al. 2017)."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from snn.batching import padded_batches
from snn.generators.spec import CodeLatent, GeneratorSpec, count_halvings

Shape = tuple[int, int, int]
_CACHED = 8 * 2**20


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


class VQVAE(nn.Module):
    """Encoder, codebook, decoder. Nothing in it changes while it encodes or decodes.

    The codebook is a buffer: it follows running means of what the encoder says, not a
    gradient (snn/generators/codebook.py). Made by build_vqvae or load_generator.
    """

    codebook: Tensor

    def __init__(self, spec: GeneratorSpec, image_shape: Shape) -> None:
        super().__init__()
        self.spec, self.image_shape = spec, image_shape
        halvings = count_halvings(spec.positions, image_shape[1])
        self.encoder = _encoder(image_shape[0], spec.width, spec.embedding, halvings)
        self.decoder = _decoder(image_shape[0], spec.width, spec.embedding, halvings)
        self.register_buffer("codebook", torch.empty(spec.codes, spec.embedding))

    @property
    def latent(self) -> CodeLatent:
        """What a point is: positions, codes and the codebook (a copy)."""
        codebook = self.codebook.detach().numpy().copy()
        return CodeLatent(self.spec.positions, self.spec.codes, codebook)

    def nearest(self, vectors: Tensor) -> Tensor:
        """Codes (n,) of the entries nearest to ``vectors`` (n, embedding)."""
        offset = self.codebook.square().sum(dim=1)
        return torch.argmin(offset - 2 * vectors @ self.codebook.T, dim=1)

    @torch.inference_mode()
    def decode(self, points: npt.NDArray[np.int64], batch_size: int = 256) -> npt.NDArray[np.uint8]:
        """Turn codes (n, positions), each 0..codes-1, into stimuli (n, c, h, w), 0..255.

        Rounded to 8 bits, as a screen would; on batches of one size, at most ``batch_size``, the
        last padded, so that a stimulus does not depend on its companions. ValueError for points of
        another shape or range.
        """
        self._check_points(points)
        stimuli = np.empty((len(points), *self.image_shape), np.uint8)
        grid = math.isqrt(self.spec.positions)
        size = min(batch_size, self._cached_images())
        start = 0
        for batch, count in padded_batches(points.astype(np.int64), size):
            vectors = self.codebook[torch.from_numpy(batch)]
            maps = vectors.transpose(1, 2).reshape(size, -1, grid, grid)
            pixels = self.decoder(maps).clamp(0, 1).mul(255).round().to(torch.uint8)
            stimuli[start : start + count] = pixels[:count].numpy()
            start += count
        return stimuli

    @torch.inference_mode()
    def encode(self, images: npt.NDArray[np.uint8], batch_size: int = 256) -> npt.NDArray[np.int64]:
        """Describe images (n, c, h, w), 0..255, as codes (n, positions).

        ValueError for images of another shape or type.
        """
        self._check_images(images)
        points = np.empty((len(images), self.spec.positions), np.int64)
        start = 0
        for batch, count in padded_batches(images, batch_size):
            vectors = flatten_maps(self.encoder(to_pixels(torch.from_numpy(batch))))
            codes = self.nearest(vectors).view(batch_size, -1)
            points[start : start + count] = codes[:count].numpy()
            start += count
        return points

    def _cached_images(self) -> int:
        """Images whose largest map stays in the processor's cache, 8 to 64.

        Measured on one core: a seventh faster than 256 at once where maps are large; and where
        there are few points, less of a batch is padding.
        """
        largest = 4 * self.spec.width * math.prod(self.image_shape[1:])
        return min(max(_CACHED // largest, 8), 64)

    def _check_points(self, points: npt.NDArray[np.int64]) -> None:
        positions, codes = self.spec.positions, self.spec.codes
        if points.ndim != 2 or points.shape[1] != positions or points.dtype.kind not in "iu":
            raise ValueError(
                f"points are {points.dtype} {points.shape}: this generator takes whole numbers of "
                f"shape (n, {positions})."
            )
        if points.size and not 0 <= points.min() <= points.max() < codes:
            raise ValueError(
                f"points hold codes from {points.min()} to {points.max()}: this generator has "
                f"codes 0..{codes - 1}."
            )

    def _check_images(self, images: npt.NDArray[np.uint8]) -> None:
        if images.dtype != np.uint8 or images.shape[1:] != self.image_shape:
            raise ValueError(
                f"images are {images.dtype} {images.shape}: this generator takes uint8 images of "
                f"shape (n, {', '.join(map(str, self.image_shape))})."
            )


def build_vqvae(spec: GeneratorSpec, image_shape: Shape, generator: torch.Generator) -> VQVAE:
    """Make an untrained network, its weights from ``generator`` alone and its codebook zero."""
    network = allocate_vqvae(spec, image_shape)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    nn.init.zeros_(network.codebook)
    return network


def allocate_vqvae(spec: GeneratorSpec, image_shape: Shape) -> VQVAE:
    """Make a network with undefined weights; torch's global generator is not touched."""
    with torch.device("meta"):
        network = VQVAE(spec, image_shape)
    return network.to_empty(device="cpu")


def to_pixels(images: Tensor) -> Tensor:
    """Turn uint8 images into float32 in [0, 1]."""
    return images.float() / 255


def flatten_maps(maps: Tensor) -> Tensor:
    """Turn maps (n, embedding, g, g) into vectors (n*g*g, embedding), image by image, row by row."""
    return maps.permute(0, 2, 3, 1).flatten(0, 2)


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
    return [width if stage == 0 else max(width // 2, 1) for stage in range(halvings)]
