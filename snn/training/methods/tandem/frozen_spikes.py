"""Spikes of frozen layers: what does not learn answers every training image once a stage, not once an epoch."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.batching import padded_batches

Images = npt.NDArray[np.uint8]
_BATCH = 64
_MEMORY = 2**30
"""Bytes beyond which spikes are computed again for every batch."""


class FrozenSpikes:
    """Spikes that all training images make in the last of some layers; kept as bits, where there is room."""

    def __init__(self, respond: Callable[[Images], Tensor], images: Images, height: float) -> None:
        """``respond``: outputs (T, n, ...) of images uint8 (n, c, h, w), each of which is 0 or ``height``."""
        self._respond, self._images, self._height = respond, images, height
        example = respond(images[:1])
        self._steps = len(example)
        size = math.ceil(self._steps / 8) * example[0].numel() * len(images)
        self._bits = self._packed() if size <= _MEMORY else None

    def _packed(self) -> npt.NDArray[np.uint8]:
        """Bits (n, bytes of steps, ...) of all images."""
        parts = [
            np.packbits(self._respond(batch)[:, :count].cpu().numpy() != 0, axis=0).swapaxes(0, 1)
            for batch, count in padded_batches(self._images, _BATCH)
        ]
        return np.concatenate(parts)

    def of(self, rows: npt.NDArray[np.int64]) -> Tensor:
        """Outputs (T, n, ...) of some of the images, by their numbers."""
        if self._bits is None:
            return self._respond(self._images[rows])
        spikes = np.unpackbits(self._bits[rows].swapaxes(0, 1), axis=0, count=self._steps)
        return torch.from_numpy(spikes).float() * self._height
