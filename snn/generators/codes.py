"""What every generator with a codebook does, whatever its two networks are."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from snn.batching import padded_batches
from snn.generators.spec import CodeLatent

Shape = tuple[int, int, int]
_CACHED = 8 * 2**20


class CodeGenerator(nn.Module):
    """Encoder, codebook, decoder. Nothing in it changes while it encodes or decodes.

    ``encoder``: pixels/255 (n, c, h, w) to maps (n, embedding, g, g); ``decoder``: such maps to
    pixels, clipped to [0, 1] here; ``codebook`` (codes, embedding): a buffer; ``positions`` = g * g;
    ``image_shape`` (c, h, w); ``width``: channels of the decoder's largest map.
    """

    codebook: Tensor

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, codebook: Tensor,
        *, positions: int, image_shape: Shape, width: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.positions, self.image_shape, self.width = positions, image_shape, width
        self.register_buffer("codebook", codebook)

    @property
    def latent(self) -> CodeLatent:
        """What a point is: positions, codes and the codebook (a copy)."""
        codebook = self.codebook.detach().numpy().copy()
        return CodeLatent(self.positions, len(codebook), codebook)

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
        grid = math.isqrt(self.positions)
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
        points = np.empty((len(images), self.positions), np.int64)
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
        largest = 4 * self.width * math.prod(self.image_shape[1:])
        return min(max(_CACHED // largest, 8), 64)

    def _check_points(self, points: npt.NDArray[np.int64]) -> None:
        positions, codes = self.positions, len(self.codebook)
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


def to_pixels(images: Tensor) -> Tensor:
    """Turn uint8 images into float32 in [0, 1]."""
    return images.float() / 255


def flatten_maps(maps: Tensor) -> Tensor:
    """Turn maps (n, embedding, g, g) into vectors (n*g*g, embedding), image by image, row by row."""
    return maps.permute(0, 2, 3, 1).flatten(0, 2)
