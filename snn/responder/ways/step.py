"""Neurons stepped through time by a compiled loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.networks import Stage
from spikeatlas.snn.responder.filters import neuron_values
from spikeatlas.snn.responder.kernels import scan
from spikeatlas.snn.responder.ways.signal import Counts, Spikes


@dataclasses.dataclass(frozen=True, eq=False)
class CompiledStep:
    """Steps all of a layer's neurons, one pixel after the other: see ``kernels.scan``."""

    stage: Stage

    def __call__(
        self, currents: npt.NDArray[np.float32], time_steps: int, *, writing: bool
    ) -> tuple[Counts, Spikes | None]:
        """See ``frames.Step``."""
        _, count, pixels, channels = currents.shape
        counts = np.zeros((count, channels), np.int64)
        bits = np.zeros((count if writing else 0, -(-time_steps // 8), pixels, channels), np.uint8)
        scan.respond(
            np.ascontiguousarray(currents),
            neuron_values(self.stage, "beta"),
            neuron_values(self.stage, "threshold"),
            self.stage.neuron.reset_mechanism == "zero",
            time_steps,
            counts,
            bits,
            writing,
        )
        return counts, Spikes(bits) if writing else None
