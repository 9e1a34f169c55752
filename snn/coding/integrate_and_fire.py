"""Images as the regular spike trains of neurons that integrate their pixels."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
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
        if images.ndim == STILL:
            return torch.from_numpy(np.stack([row[images] for row in _still_trains(steps)]))
        frames = frame_numbers(images.shape[1], steps)
        sums = np.cumsum(images[:, frames], axis=1, dtype=np.int64)
        return torch.from_numpy(_spikes(sums, axis=1).swapaxes(0, 1))


@functools.cache
def _still_trains(steps: int) -> npt.NDArray[np.float32]:
    """Spikes (T, 256) of every grey level that stays as it is."""
    sums = np.arange(1, steps + 1)[:, None] * np.arange(_LEVELS + 1)
    return _spikes(sums, axis=0)


def _spikes(sums: npt.NDArray[np.int64], axis: int) -> npt.NDArray[np.float32]:
    """Spikes of grey levels that are summed up along an axis of time steps."""
    return np.diff(sums // _LEVELS, axis=axis, prepend=0).astype(np.float32)
