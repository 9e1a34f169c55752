"""Images as Poisson spike trains at their pixels' rates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.coding.base import STILL, ImageCoding, Images, Presentation, frame_numbers
from spikeatlas.snn.coding.coding_key import CodingKey

# 2^32 - 1 = 255 * 16843009: a uniform 32-bit number lies below pixel * 16843009 with probability
# pixel/255, to 3e-10.
_UNIT = 16_843_009


class PoissonCoding(ImageCoding):
    """Spikes of 0 and 1, P(1) = pixel/255 independently at every step."""

    stochastic = True
    binary = True
    of_pixels = True

    def encode(self, presentation: Presentation) -> Tensor:
        """See ``ImageCoding``."""
        images, _, time_steps, key = presentation
        assert key is not None
        return torch.from_numpy(spike_trains(images, key, time_steps))


def spike_trains(images: Images, key: CodingKey, time_steps: int) -> npt.NDArray[np.float32]:
    """Return Poisson spike trains (T, n, c, h, w) of 0 and 1 for stimuli uint8 (n, c, h, w) or (n, F, c, h, w)."""
    shape = images.shape[-3:]
    trains = np.empty((time_steps, len(images), *shape), np.float32)
    frames = None if images.ndim == STILL else frame_numbers(images.shape[1], time_steps)
    for index, image in enumerate(images):
        numbers = key.numbers(image.tobytes(), (time_steps, *shape))
        pixels = image if frames is None else image[frames]
        trains[:, index] = numbers < pixels * np.uint32(_UNIT)
    return trains
