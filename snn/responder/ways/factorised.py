"""Second layer behind neurons under constant current: see ``kernels.factorised``."""

from __future__ import annotations

import dataclasses

import numpy as np

from spikeatlas.snn.responder.filters import aligned
from spikeatlas.snn.responder.kernels import factorised as kernel
from spikeatlas.snn.responder.kernels.tiles import Filters
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling
from spikeatlas.snn.responder.ways.signal import Counts, Spikes, Trains


@dataclasses.dataclass(frozen=True, eq=False)
class Factorised:
    """Sums weights per spike train, then over time."""

    tiling: Tiling
    filters: Filters
    rises: kernel.Rises
    neurons: int
    """Neurons asked for."""
    passes_on: bool
    """Whether a layer follows."""

    def __call__(self, signal: Trains) -> tuple[Counts, Spikes | None]:
        """Spike counts int64 (n, neurons), and the spikes if a layer follows."""
        count = len(signal.begins)
        counts = np.zeros((count, self.neurons), np.int64)
        spikes = np.zeros((count, self._written()), np.uint8)
        kernel.respond(
            kernel.Inputs(signal.trains, signal.columns, signal.begins),
            self.rises,
            self.tiling,
            self.filters,
            self._room(signal.trains.shape[1]),
            counts,
            spikes,
        )
        return counts, unfolded(spikes, self.tiling, self._bytes) if self.passes_on else None

    @property
    def _bytes(self) -> int:
        return -(-(len(self.rises.begins) - 1) // 8)

    def _written(self) -> int:
        return self._bytes * stored_map(self.tiling) if self.passes_on else 0

    def _room(self, inputs: int) -> kernel.Room:
        trains = int(self.rises.tables[-1])
        return kernel.Room(
            sums=aligned((trains + 1) * LANES),
            later=aligned((trains + 1) * LANES, np.int32),
            currents=aligned((len(self.rises.begins) - 1) * LANES),
            ranks=np.zeros(trains + 1, np.uint16),
            slots=np.zeros(inputs, np.uint16),
            rises=self.rises.trains.copy(),
            limits=self.rises.tables.copy(),
        )


def stored_map(tiling: Tiling) -> int:
    """Places of one time step's spikes of one image, as a kernel writes them."""
    return tiling.height.outputs * tiling.width.outputs * tiling.blocks * LANES


def unfolded(
    spikes: np.ndarray[tuple[int, int], np.dtype[np.uint8]], tiling: Tiling, bits: int
) -> Spikes:
    """A kernel's flat spikes (n, all) as (n, bytes, pixels, stored channels)."""
    pixels = tiling.height.outputs * tiling.width.outputs
    return Spikes(spikes.reshape(len(spikes), bits, pixels, tiling.blocks * LANES))
