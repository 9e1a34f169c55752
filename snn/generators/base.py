"""The contract of generators: points to stimuli, in batches of one size."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.device import Device, copy_on
from spikeatlas.snn.generators.latent import Latent, Points

Shape = tuple[int, int, int]
Images = npt.NDArray[np.uint8]
_CACHED = 8 * 2**20
_SMALL, _WIDE = 64, 256
"""Most images of a batch: of the last ones, and of those before."""


class Generator(nn.Module):
    """Turns latents into stimuli. No value in it changes while it decodes.

    ``image_shape`` (c, h, w); ``width``: channels of the decoder's largest map.
    """

    def __init__(self, image_shape: Shape, width: int) -> None:
        super().__init__()
        self.image_shape, self.width = image_shape, width
        self._wide_batches: bool | None = None

    @property
    @abstractmethod
    def latent(self) -> Latent:
        """Return what a point is."""

    @abstractmethod
    def pixels(self, batch: Tensor) -> Tensor:
        """Pixels (n, c, h, w) of points (n, d), before they are clipped to [0, 1]."""

    @abstractmethod
    def check_points(self, points: Points) -> None:
        """Raise ValueError for points of another shape, type or range."""

    @property
    def device(self) -> torch.device:
        """The device that its weights are on; the processor for what has none."""
        tensors = itertools.chain(self.parameters(), self.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))

    def on(self, device: Device) -> Generator:
        """Return it on a device, a copy where that is not the processor."""
        return copy_on(self, device)

    @property
    def differentiable(self) -> bool:
        """Tell whether its pixels have a gradient in its latents, or in the vectors of its codes, that can be climbed."""
        return False

    @property
    def encodes(self) -> bool:
        """Tell whether there is a way back from images to points."""
        return False

    def to_points(self, images: Tensor) -> Tensor:
        """Points (n, d) of uint8 images (n, c, h, w), for a generator that encodes."""
        raise NotImplementedError

    @torch.inference_mode()
    def decode(self, points: Points, batch_size: int = 256) -> Images:
        """Turn points (n, d) into stimuli (n, c, h, w), 0..255.

        Clipped and rounded to 8 bits, as a screen would; on batches of one size, at most ``batch_size``,
        the last padded, so that a stimulus does not depend on its companions (or of two sizes that were tried to
        give the same bits). ValueError for points of another shape or range.
        """
        stimuli = np.empty((len(points), *self.image_shape), np.uint8)
        for rows, pixels in self._decoded(points, batch_size):
            stimuli[rows] = pixels.clamp(0, 1).mul(255).round().to(torch.uint8).cpu().numpy()
        return stimuli

    @torch.inference_mode()
    def clipped(self, points: Points, batch_size: int = 256) -> npt.NDArray[np.float32]:
        """Share (n,) of each stimulus's values that the decoder put outside [0, 1]."""
        share = np.empty(len(points), np.float32)
        for rows, pixels in self._decoded(points, batch_size):
            outside = (pixels < 0) | (pixels > 1)
            share[rows] = outside.flatten(1).float().mean(dim=1).cpu().numpy()
        return share

    @torch.inference_mode()
    def encode(self, images: Images, batch_size: int = 256) -> Points:
        """Describe images (n, c, h, w), 0..255, as points (n, d): int64 codes or float32 vectors.

        ValueError for images of another shape or type, and for a generator without an encoder.
        """
        if not self.encodes:
            raise ValueError(
                "this generator has no encoder, so images have no latents: choose vqvae, or do without them."
            )
        self.check_images(images)
        parts = [
            self.to_points(torch.from_numpy(batch).to(self.device))[:count].cpu().numpy()
            for batch, count in padded_batches(images, batch_size)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.latent.size), np.int64)

    def _decoded(self, points: Points, batch_size: int) -> Iterator[tuple[slice, Tensor]]:
        """Rows and their raw pixels, batch by batch: wide ones as far as they go, where these change no bit."""
        self.check_points(points)
        size = min(batch_size, self._cached_images(_SMALL))
        wide = min(batch_size, self._cached_images(_WIDE))
        begin = 0
        if len(points) >= wide > size and self._decodes_alike(points[:wide], size):
            begin = len(points) - len(points) % wide
            yield from self._in_batches(points[:begin], wide, 0)
        yield from self._in_batches(points[begin:], size, begin)

    def _in_batches(self, points: Points, size: int, begin: int) -> Iterator[tuple[slice, Tensor]]:
        for batch, count in padded_batches(points, size):
            pixels = self.pixels(torch.from_numpy(np.array(batch)).to(self.device))
            yield slice(begin, begin + count), pixels[:count]
            begin += count

    def _decodes_alike(self, points: Points, size: int) -> bool:
        """Tell whether points have the same pixels, bit for bit, in one batch as in batches of ``size``.

        Tried once, on the processor: which sums torch takes for a batch hangs on its size, never on its values.
        """
        if self.device.type != "cpu":
            return False
        if self._wide_batches is None:
            ((_, together),) = self._in_batches(points, len(points), 0)
            apart = torch.cat([pixels for _, pixels in self._in_batches(points, size, 0)])
            self._wide_batches = torch.equal(together, apart)
        return self._wide_batches

    def _cached_images(self, most: int) -> int:
        """Images whose largest map stays in the processor's cache, 8 to ``most``.

        Measured on one core: a seventh faster than 256 at once where maps are large; where they are small, 256 are
        a sixth faster than 64; and where there are few points, less of a small batch is padding.
        """
        largest = 4 * self.width * math.prod(self.image_shape[1:])
        return min(max(_CACHED // largest, 8), most)

    def check_images(self, images: Images) -> None:
        """Raise ValueError for images of another shape or type."""
        if images.dtype != np.uint8 or images.shape[1:] != self.image_shape:
            raise ValueError(
                f"images are {images.dtype} {images.shape}: this generator takes uint8 images of "
                f"shape (n, {', '.join(map(str, self.image_shape))})."
            )


def to_pixels(images: Tensor) -> Tensor:
    """Turn uint8 images into float32 in [0, 1]."""
    return images.float() / 255
