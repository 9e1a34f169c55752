"""The contract of codings whose inputs are spikes by chance, independent at every step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.coding.base import STILL, ImageCoding, Images, Presentation, frame_numbers


class Chances(NamedTuple):
    """Chances and signs of the spikes of images."""

    limits: npt.NDArray[np.uint32]
    """(n, ..., c, h, w): a uniform number (``CodingKey.numbers``) below this is a spike."""
    signs: npt.NDArray[np.float32] | None
    """Of the same shape: -1, 0 or 1; None: all are 1."""


class RateCoding(ImageCoding):
    """Spikes by chance: the responder draws and packs them in one compiled pass, from ``chances`` alone."""

    stochastic = True

    @abstractmethod
    def chances(self, images: Images, normalise: Callable[[Tensor], Tensor]) -> Chances:
        """Return those of images uint8 (n, ..., c, h, w); a number of one step is compared at each."""

    def encode(self, presentation: Presentation) -> Tensor:
        """See ``ImageCoding``: 0 and 1, and -1 where there are signs."""
        images, normalise, time_steps, key = presentation
        assert key is not None
        limits, signs = self.chances(images, normalise)
        trains = np.empty((time_steps, len(images), *images.shape[-3:]), np.float32)
        frames = None if images.ndim == STILL else frame_numbers(images.shape[1], time_steps)
        for index, image in enumerate(images):
            numbers = key.numbers(image.tobytes(), trains[:, index].shape)
            # of sequences, the frame of each step
            rows = ... if frames is None else frames
            trains[:, index] = numbers < limits[index][rows]
            if signs is not None:
                trains[:, index] *= signs[index][rows]
        return torch.from_numpy(trains)
