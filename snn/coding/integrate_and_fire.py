"""Images as the regular spike trains of neurons that integrate their pixels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.coding.base import STILL, ImageCoding, Presentation, frame_numbers

_LEVELS = 255


class IntegrateAndFireCoding(ImageCoding):
    """Spikes of 0 and 1 at the pixels' rates, without chance: v += pixel/255; s = 1[v >= 1]; v -= s."""

    binary = True
    of_pixels = True

    def encode(self, presentation: Presentation) -> Tensor:
        """See ``ImageCoding``. In whole numbers, so that no step is lost to rounding."""
        images, steps = presentation.images, presentation.time_steps
        still = images.ndim == STILL
        frames = np.zeros(steps, np.int64) if still else frame_numbers(images.shape[1], steps)
        sequences = images[:, None] if still else images
        sums = np.cumsum(sequences[:, frames], axis=1, dtype=np.int64)
        spikes = np.diff(sums // _LEVELS, axis=1, prepend=0)
        return torch.from_numpy(spikes.swapaxes(0, 1).astype(np.float32))
