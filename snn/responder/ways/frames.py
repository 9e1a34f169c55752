"""Any layer behind spikes, by torch's own operator: all time steps folded into the batch."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.networks import Stage
from spikeatlas.snn.responder.shapes import Shape
from spikeatlas.snn.responder.ways.signal import Counts, Signal, Spikes, packed


class Step(Protocol):
    """Steps neurons through time."""

    def __call__(
        self, currents: npt.NDArray[np.float32], time_steps: int, *, writing: bool
    ) -> tuple[Counts, Spikes | None]:
        """Counts (n, channels), and the spikes if ``writing``, of currents (T or 1, n, pixels, channels)."""


@dataclasses.dataclass(frozen=True, eq=False)
class TorchStep:
    """Steps neurons as the plain loop does: snnTorch's neuron, all images at once."""

    stage: Stage
    pixels: tuple[int, ...]
    """Shape of the map: (h, w), or () for units."""

    def __call__(
        self, currents: npt.NDArray[np.float32], time_steps: int, *, writing: bool
    ) -> tuple[Counts, Spikes | None]:
        """See ``Step``."""
        maps = torch.from_numpy(currents).movedim(3, 2)
        maps = maps.expand(time_steps, *maps.shape[1:])
        spikes = self.stage.neuron.run(maps.reshape(*maps.shape[:3], *self.pixels))[0]
        fired = spikes.reshape(*maps.shape).movedim(2, 3).numpy()
        counts = fired.sum(axis=(0, 2), dtype=np.int64)
        return counts, packed(fired) if writing else None


@dataclasses.dataclass(frozen=True, eq=False)
class Frames:
    """The operator over frames in chunks, then the neurons over time."""

    stage: Stage
    shape: Shape
    time_steps: int
    step: Step
    neurons: tuple[int, ...]
    """Neurons asked for."""
    passes_on: bool
    """Whether a layer follows."""
    images: int
    """Images whose frames are computed together."""

    def __call__(self, signal: Spikes) -> tuple[Counts, Signal]:
        """Spike counts int64 (n, neurons), and the spikes if a layer follows."""
        starts = range(0, len(signal.bits), self.images)
        parts = [self._chunk(signal, start, self.images) for start in starts]
        counts = np.concatenate([counts for counts, _ in parts])[:, list(self.neurons)]
        if not self.passes_on:
            return counts, None
        return counts, Spikes(np.concatenate([spikes.bits for _, spikes in parts if spikes]))

    def _chunk(self, signal: Spikes, start: int, size: int) -> tuple[Counts, Spikes | None]:
        """Images from ``start`` on, in a batch of always the same size."""
        stop = min(start + size, len(signal.bits))
        frames = signal.frames(start, stop, self.time_steps)[..., : self.shape.channels]
        padding = ((0, 0), (0, size - (stop - start)), (0, 0), (0, 0))
        currents = self._currents(np.pad(frames, padding))
        counts, spikes = self.step(
            currents[:, : stop - start], self.time_steps, writing=self.passes_on
        )
        return counts, spikes

    @torch.no_grad()
    def _currents(self, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Currents (T, n, pixels, channels) of spikes (T, n, pixels, channels)."""
        size = (self.shape.height.inputs, self.shape.width.inputs)
        maps = torch.from_numpy(frames).flatten(0, 1).unflatten(1, size).movedim(3, 1)
        units = not isinstance(self.stage.operator, torch.nn.Conv2d)
        currents = self.stage.currents(maps.flatten(1) if units else maps)
        last = by_pixels(currents)
        return last.reshape(*frames.shape[:2], *last.shape[1:])


def by_pixels(currents: Tensor) -> npt.NDArray[np.float32]:
    """Maps (n, channels, h, w), or units (n, channels), as contiguous (n, pixels, channels)."""
    maps = currents.reshape(*currents.shape[:2], -1).movedim(1, 2)
    result: npt.NDArray[np.float32] = maps.contiguous().numpy()
    return result
