"""First layer under constant currents, from its currents to spikes, trains or counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from spikeatlas.snn.responder.filters import aligned
from spikeatlas.snn.responder.kernels import constant, direct
from spikeatlas.snn.responder.kernels.tiling import LANES, Axis
from spikeatlas.snn.responder.lookup import Lookup
from spikeatlas.snn.responder.ways.currents import Currents, Images
from spikeatlas.snn.responder.ways.signal import Counts, Signal, Trains

Part = tuple[Counts, Signal]


@dataclasses.dataclass(frozen=True, eq=False)
class ByTrains:
    """Looks every neuron's spike train up, by its current."""

    currents: Currents
    lookup: Lookup
    down: Axis
    right: Axis
    counting: bool
    """Whether this layer's counts are asked for."""
    passes_on: bool
    """Whether a layer follows."""

    @property
    def _pixels(self) -> int:
        return self.down.outputs * self.right.outputs

    @property
    def _neurons(self) -> int:
        return self._pixels * len(self.currents.neurons)

    def chunks(self, batch: Images, count: int) -> Iterator[Part]:
        """Counts int64 (n, filters), 0 if not asked for, and trains of the batch's first images.

        The trains of a chunk are written over by the next one.
        """
        room = self._room(min(count, self.currents.chunk))
        for maps in self.currents.chunks(batch, count):
            yield self._find(maps, Trains(*(array[: len(maps)] for array in room)))

    def _room(self, images: int) -> tuple[Any, ...]:
        """Arrays of the trains of some images."""
        # one more: a silent neuron is written behind the last active one, and then over
        listed = (images, self._neurons + 1)
        begins = np.empty((images, self._pixels + 1), np.int32)
        return np.empty(listed, np.uint16), np.empty(listed, np.int32), begins

    def _find(self, maps: npt.NDArray[np.float32], found: Trains) -> Part:
        counts = np.zeros((len(maps), maps.shape[3]), np.int64)
        constant.find_trains(
            maps,
            self.down,
            self.right,
            self.lookup.finder,
            found.trains,
            found.columns,
            found.begins,
            counts,
            self.counting,
        )
        return counts, found if self.passes_on else None


@dataclasses.dataclass(frozen=True, eq=False)
class Direct:
    """A few filters, from pixels to counts, one image at a time and nothing stored."""

    currents: Currents
    lookup: Lookup
    down: Axis
    right: Axis

    def chunks(self, batch: Images, count: int) -> Iterator[Part]:
        """Counts int64 (n, neurons asked for) of the batch's first images."""
        counts = np.zeros((count, len(self.currents.neurons)), np.int64)
        operator = self.currents.stage.operator
        picked = list(self.currents.neurons)
        bias = torch.zeros(operator.weight.shape[0]) if operator.bias is None else operator.bias
        direct.respond(
            np.ascontiguousarray(batch[:count]),
            self._levels(),
            (self.currents.shape.height.padding, self.currents.shape.width.padding),
            operator.weight.detach()[picked].contiguous().numpy(),
            bias.detach()[picked].numpy(),
            self.down,
            self.right,
            self.lookup.finder,
            self._planes(),
            counts,
        )
        yield counts, None

    def _levels(self) -> npt.NDArray[np.float32]:
        """What every pixel value becomes, float32 (c, 256)."""
        channels = self.currents.shape.channels
        values = torch.arange(256, dtype=torch.uint8)[:, None, None, None]
        levels = self.currents.network.normalise(values.expand(-1, channels, 1, 1))
        result: npt.NDArray[np.float32] = levels[:, :, 0, 0].T.contiguous().numpy()
        return result

    def _planes(self) -> npt.NDArray[np.float32]:
        """Zeros (c, rows, columns): the padding, and room for whole groups of rows and vectors."""
        shape = self.currents.shape
        sides = [
            max(span.inputs + 2 * span.padding, -(-span.positions // group) * group + span.kernel)
            for span, group in ((shape.height, 4), (shape.width, LANES))
        ]
        return aligned(shape.channels * sides[0] * sides[1]).reshape(shape.channels, *sides)
