"""Inputs that change over time: every stimulus becomes trains of its own."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.coding import CODINGS, CodingKey, Presentation, RateCoding, encode
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder.kernels import spike_bits
from spikeatlas.snn.responder.signals import Levels, Sequences, Spikes, packed
from spikeatlas.snn.responder.sites import Site

Images = npt.NDArray[np.uint8]


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

    def chunks(self, batch: Images, count: int, key: CodingKey | None) -> Iterator[Sequences]:
        """Inputs of the first ``count`` images of a batch."""
        coding = CODINGS[self.network.coding]
        for start in range(0, count, self.chunk):
            images = batch[start : min(start + self.chunk, count)]
            if isinstance(coding, RateCoding) and key is not None:
                yield self._drawn(coding, images, key)
            elif coding.binary and coding.of_pixels and not coding.stochastic:
                yield Spikes(self._looked_up(images))
            else:
                trains = encode(self.network, images, key).numpy()
                values = trains.reshape(*trains.shape[:3], -1).swapaxes(2, 3)
                yield packed(values) if coding.binary else Levels(values)

    def _drawn(self, coding: RateCoding, images: Images, key: CodingKey) -> Spikes:
        """Spikes of chance, packed as they are drawn."""
        limits, signs = coding.chances(images, self.network.normalise)
        steps, shape = self.network.time_steps, images.shape[1:]
        flat = (shape[0], shape[1] * shape[2])
        stored = shape[0] * (1 if signs is None else 2)
        bits = np.empty((len(images), -(-steps // 8), flat[1], stored), np.uint8)
        none = np.empty((0, 0), np.float32)
        for index, image in enumerate(images):
            numbers = key.numbers(image.tobytes(), (steps, *flat))
            sides = none if signs is None else signs[index].reshape(flat)
            spike_bits.pack(numbers, limits[index].reshape(flat), sides, bits[index])
        return Spikes(bits, signed=signs is not None)

    def _looked_up(self, images: Images) -> npt.NDArray[np.uint8]:
        """Bits (n, bytes, pixels, channels) where a pixel alone decides on its spikes."""
        pixels = images.reshape(*images.shape[:2], -1).swapaxes(1, 2)
        return np.ascontiguousarray(np.moveaxis(self._pixel_trains[:, pixels], 0, 1))

    @functools.cached_property
    def _pixel_trains(self) -> npt.NDArray[np.uint8]:
        """Bits (bytes, 256) of the spikes of every value of a pixel."""
        values = np.arange(256, dtype=np.uint8)[None, None, None]
        steps, network = self.network.time_steps, self.network
        coding = CODINGS[network.coding]
        trains = coding.encode(Presentation(values, network.normalise, steps, None)).numpy()
        bits: npt.NDArray[np.uint8] = np.packbits(
            trains.reshape(steps, -1).astype(np.bool_), axis=0, bitorder="little"
        )
        return bits
