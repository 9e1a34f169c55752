"""Inputs that change over time: every stimulus becomes trains of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.coding import CODINGS, CodingKey, encode
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder.signals import Levels, Sequences, packed
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
            values = trains.reshape(*trains.shape[:3], -1).swapaxes(2, 3)
            yield packed(values) if CODINGS[self.network.coding].binary else Levels(values)
