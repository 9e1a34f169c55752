"""Signals that one layer hands to the next, for a chunk of images."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.responder.kernels import spike_bits

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[Any]
"""Spike counts (n, neurons), int64, or float64 of neurons that torch runs."""


class Signal:
    """Whatever a layer hands on."""


class Pixels(Signal):
    """The stimuli themselves, as constant currents."""


class Sequences(Signal):
    """Spikes of some images over time."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of images."""

    @abstractmethod
    def frames(self, start: int, stop: int, time_steps: int) -> npt.NDArray[np.float32]:
        """Spikes of some of the images as float32 (T, images, pixels, stored channels)."""


@dataclasses.dataclass(frozen=True)
class Spikes(Sequences):
    """Spikes of one height, eight steps a byte."""

    bits: Bytes
    """uint8 (n, bytes, pixels, stored channels): bit k of byte b is time step 8b + k."""
    height: float = 1.0
    signed: bool = False
    """Spikes of both signs: the first half of the channels fires up, the second down."""

    def __len__(self) -> int:
        """Number of images."""
        return len(self.bits)

    def frames(self, start: int, stop: int, time_steps: int) -> npt.NDArray[np.float32]:
        """See ``Sequences``."""
        bits = self.bits[start:stop]
        channels = bits.shape[3] // 2 if self.signed else bits.shape[3]
        frames = np.empty((time_steps, len(bits), bits.shape[2], channels), np.float32)
        spike_bits.unpack(bits, np.float32(self.height), self.signed, frames)
        return frames


@dataclasses.dataclass(frozen=True)
class Levels(Sequences):
    """Numbers of any kind: spikes of several heights, or currents."""

    values: npt.NDArray[np.float32]
    """(T, n, pixels, channels)."""

    def __len__(self) -> int:
        """Number of images."""
        return self.values.shape[1]

    def frames(self, start: int, stop: int, time_steps: int) -> npt.NDArray[np.float32]:
        """See ``Sequences``."""
        return self.values[:time_steps, start:stop]


@dataclasses.dataclass(frozen=True)
class Trains(Signal):
    """Neurons that fire, each with the number of its spike train: see ``factorised.Inputs``.

    All spikes are of the height that the layer's feed says.
    """

    trains: npt.NDArray[np.uint16]
    columns: npt.NDArray[np.int32]
    begins: npt.NDArray[np.int32]


def packed(spikes: npt.NDArray[Any]) -> Spikes:
    """Pack spikes of 0 and 1 (T, n, pixels, channels)."""
    bits = np.packbits(spikes.astype(np.bool_), axis=0, bitorder="little")
    return Spikes(np.ascontiguousarray(np.moveaxis(bits, 0, 1)))


def joined(parts: Sequence[Sequences]) -> Sequences:
    """Put the spikes of several chunks, all of one kind, behind each other."""
    levels = [part.values for part in parts if isinstance(part, Levels)]
    if levels:
        return Levels(np.concatenate(levels, axis=1))
    rows = [part for part in parts if isinstance(part, Spikes)]
    return dataclasses.replace(rows[0], bits=np.concatenate([part.bits for part in rows]))
