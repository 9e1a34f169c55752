"""Inputs that change over time: every stimulus becomes trains of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.coding import CODINGS, CodingKey, encode
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder.kernels import packing
from spikeatlas.snn.responder.signals import Levels, Sequences, Spikes
from spikeatlas.snn.responder.sites import Site


@dataclasses.dataclass(frozen=True, eq=False)
class Encoded:
    """Encodes a batch in chunks; a stimulus' trains depend on nothing but it and the key."""

    network: SpikingNetwork
    chunk: int
    """Images in one chunk."""

    @staticmethod
    def image_bytes(site: Site) -> int:
        """Memory for the spike trains of one stimulus: numbers, spikes as float32, bits."""
        return 10 * site.time_steps * site.shape.input_map

    def chunks(
        self, batch: npt.NDArray[np.uint8], count: int, key: CodingKey | None
    ) -> Iterator[Sequences]:
        """Inputs of the first ``count`` images of a batch."""
        for start in range(0, count, self.chunk):
            images = batch[start : min(start + self.chunk, count)]
            trains = encode(self.network, images, key).numpy()
            yield self._signal(np.ascontiguousarray(trains.reshape(*trains.shape[:3], -1)))

    def _signal(self, trains: npt.NDArray[np.float32]) -> Sequences:
        """Inputs of trains (T, n, c, pixels), packed if they are spikes."""
        coding = CODINGS[self.network.coding]
        if not (coding.binary or coding.ternary):
            return Levels(trains.swapaxes(2, 3))
        steps, count, channels, pixels = trains.shape
        stored = 2 * channels if coding.ternary else channels
        bits = np.empty((count, -(-steps // 8), pixels, stored), np.uint8)
        packing.pack(trains, coding.ternary, bits)
        return Spikes(bits, signed=coding.ternary)
