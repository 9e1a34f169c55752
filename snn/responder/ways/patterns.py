"""Any layer behind spikes: see ``kernels.patterns``."""

from __future__ import annotations

import dataclasses

import numpy as np

from spikeatlas.snn.responder.filters import aligned
from spikeatlas.snn.responder.kernels import patterns as kernel
from spikeatlas.snn.responder.kernels.tiles import Filters
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling
from spikeatlas.snn.responder.ways.factorised import stored_map, unfolded
from spikeatlas.snn.responder.ways.signal import Counts, Spikes


@dataclasses.dataclass(frozen=True, eq=False)
class Patterns:
    """Sums weights per pattern of four time steps."""

    tiling: Tiling
    filters: Filters
    time_steps: int
    neurons: int
    """Neurons asked for."""
    passes_on: bool
    """Whether a layer follows."""

    def __call__(self, signal: Spikes) -> tuple[Counts, Spikes | None]:
        """Spike counts int64 (n, neurons), and the spikes if a layer follows."""
        count, steps_in_bytes = signal.bits.shape[:2]
        counts = np.zeros((count, self.neurons), np.int64)
        spikes = np.zeros((count, self._written()), np.uint8)
        kernel.respond(
            signal.bits.reshape(count, steps_in_bytes, -1),
            self.time_steps,
            self.tiling,
            self.filters,
            self._room(),
            counts,
            spikes,
        )
        return counts, unfolded(spikes, self.tiling, steps_in_bytes) if self.passes_on else None

    def _written(self) -> int:
        return -(-self.time_steps // 8) * stored_map(self.tiling) if self.passes_on else 0

    def _room(self) -> kernel.Room:
        groups = -(-self.time_steps // 4)
        pixels = self.tiling.height.inputs * self.tiling.width.inputs
        # one more: a silent input is written behind the last active one, and then over
        inputs = pixels * self.tiling.channels + 1
        return kernel.Room(
            sums=aligned(kernel.PATTERNS * LANES),
            currents=aligned(4 * groups * LANES),
            patterns=np.zeros((groups, inputs), np.uint8),
            columns=np.zeros((groups, inputs), np.int32),
            begins=np.zeros((groups, pixels + 1), np.int32),
        )
