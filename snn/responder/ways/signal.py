"""What one layer hands to the next, for a chunk of images."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Spikes:
    """Spikes over time, eight steps a byte."""

    bits: Bytes
    """uint8 (n, bytes, pixels, stored channels): bit k of byte b is time step 8b + k."""

    def frames(self, start: int, stop: int, time_steps: int) -> npt.NDArray[np.float32]:
        """Spikes of some of the images as float32 (T, images, pixels, stored channels)."""
        spread = np.unpackbits(self.bits[start:stop, ..., None], axis=-1, bitorder="little")
        steps = np.moveaxis(spread, -1, 2).reshape(stop - start, -1, *self.bits.shape[2:])
        return np.moveaxis(steps[:, :time_steps], 1, 0).astype(np.float32)


def packed(spikes: npt.NDArray[Any]) -> Spikes:
    """Pack spikes of 0 and 1 (T, n, pixels, channels)."""
    bits = np.packbits(spikes.astype(np.bool_), axis=0, bitorder="little")
    return Spikes(np.ascontiguousarray(np.moveaxis(bits, 0, 1)))


@dataclasses.dataclass(frozen=True)
class Trains:
    """Neurons that fire, each with the number of its spike train: see ``factorised.Inputs``."""

    trains: npt.NDArray[np.uint16]
    columns: npt.NDArray[np.int32]
    begins: npt.NDArray[np.int32]


Signal = Spikes | Trains | None
