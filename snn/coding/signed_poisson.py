"""Images as Poisson spike trains of both signs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.coding.base import STILL, ImageCoding, Presentation, frame_numbers

_RANGE = float(2**32)


class SignedPoissonCoding(ImageCoding):
    """Spikes of the sign of x with probability min(1, |x| / 2), x the normalised pixel (Kim and Panda 2021, arXiv 2010.01729)."""

    stochastic = True
    signed = True
    ternary = True

    def encode(self, presentation: Presentation) -> Tensor:
        """See ``ImageCoding``: -1, 0 and 1."""
        images, normalise, time_steps, key = presentation
        assert key is not None
        pixels = normalise(torch.from_numpy(images)).cpu().numpy()
        trains = np.empty((time_steps, len(images), *images.shape[-3:]), np.float32)
        frames = None if images.ndim == STILL else frame_numbers(images.shape[1], time_steps)
        for index, image in enumerate(images):
            # float64 holds every one of the 32-bit numbers
            chances = np.minimum(np.abs(pixels[index].astype(np.float64)) / 2, 1) * _RANGE
            chances, signs = (
                values if frames is None else values[frames]
                for values in (chances, np.sign(pixels[index]))
            )
            numbers = key.numbers(image.tobytes(), trains[:, index].shape)
            trains[:, index] = (numbers < chances) * signs
        return torch.from_numpy(trains)
