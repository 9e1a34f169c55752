"""Neurons whose spikes may hang on the order of a sum, counted again from currents that torch sums.

The compiled loops add weights in another order than torch. Where that leaves a neuron's membrane so near to its
threshold, at any step, that the difference might decide on a spike (``Filters.margin``), its currents are summed again
by torch, over the inputs of its pool alone. That torch sums these as it does those of the whole map is tried first.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from spikeatlas.snn.neurons.rules.channel_scan import scan_channels
from spikeatlas.snn.responder.kernels.tiles import Doubts
from spikeatlas.snn.responder.kernels.tiling import Span
from spikeatlas.snn.responder.known_modules import layer_neurons
from spikeatlas.snn.responder.shapes import LayerShape
from spikeatlas.snn.responder.signals import Bytes, Spikes
from spikeatlas.snn.responder.sites import Site

Ints = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.intp]
Inputs = Callable[[int, Pixels], npt.NDArray[np.float32]]
"""Spikes (T, k, channels) of an image's input at some pixels of the map."""
_TRIED, _DENSITY = 32, 0.2
"""Frames of random spikes, and their rate, that torch's sums are tried with."""


_BLOCK = 16
"""Filters that torch's convolutions sum at once."""
_ROOM = 16
"""Doubtful neurons of an image that there is room for at first."""

Kernel = Callable[[Ints, Bytes, Doubts], None]
"""Raises counts (n, neurons) and spikes (n, bytes * map * 32 blocks) from 0, and lists the doubtful."""


def counted(
    kernel: Kernel,
    images: int,
    neurons: int,
    written: int,
    recount: Recount | None,
    inputs: Inputs,
) -> tuple[Ints, Bytes]:
    """Counts int64 (n, neurons) and spikes uint8 (n, ``written``) of a kernel, its doubtful neurons put right."""
    room = _ROOM * images if recount else 0
    while True:
        counts = np.zeros((images, neurons), np.int64)
        spikes = np.zeros((images, written), np.uint8)
        doubts = Doubts(np.zeros((room, 6), np.int64), np.zeros(1, np.int64))
        kernel(counts, spikes, doubts)
        if recount is None:
            return counts, spikes
        if doubts.total[0] <= room:
            recount(doubts, inputs, counts, spikes)
            return counts, spikes
        room = int(doubts.total[0])


def inputs_of(signal: Spikes, time_steps: int) -> Inputs:
    """Return what reads the spikes of an image at some pixels."""

    def inputs(image: int, pixels: Pixels) -> npt.NDArray[np.float32]:
        part = dataclasses.replace(signal, bits=signal.bits[image : image + 1][:, :, pixels])
        return part.frames(0, 1, time_steps)[:, 0]

    return inputs


@dataclasses.dataclass(frozen=True, eq=False)
class Recount:
    """Exact spikes of some neurons of a layer."""

    site: Site
    neurons: tuple[int, ...]
    """Filters by columns of the response."""

    @classmethod
    def of(cls, site: Site, neurons: tuple[int, ...]) -> Self | None:
        """Return it for a layer that is guarded and whose parts torch sums as the whole; None for others.

        None too behind a normalisation or a pool that averages, which would round once more.
        """
        recount = cls(site, neurons)
        averaged = isinstance(site.layer.pool, nn.AvgPool2d)
        sums_alone = site.guarded and site.layer.norm is None and not averaged
        return recount if sums_alone and recount.sums_alike() else None

    @torch.no_grad()
    def sums_alike(self) -> bool:
        """Tell whether torch sums the currents of parts of the map bit for bit as those of the whole."""
        shape, operator, steps = self.site.shape, self.site.layer.operator, self.site.time_steps
        generator = torch.Generator().manual_seed(0)
        frames = (torch.rand(_TRIED, *shape.source, generator=generator) < _DENSITY).float()
        if not isinstance(operator, nn.Conv2d):
            everyone = slice(0, shape.filters)
            return torch.equal(
                self._sum(frames, everyone)[:steps], self._sum(frames[:steps], everyone)
            )
        whole = operator(frames)
        bordered = nn.functional.pad(frames, _borders(shape))
        places = itertools.product(_some(shape.height), _some(shape.width))
        for number, (y, x) in enumerate(places):
            filters = self._block(number * _BLOCK % shape.filters)
            rows, columns = _positions(shape.height, y), _positions(shape.width, x)
            down, right = _inputs(shape.height, rows), _inputs(shape.width, columns)
            part = self._sum(_cut(bordered, down, right), filters)
            if not torch.equal(_cut(whole, rows, columns)[:, filters], part):
                return False
        return True

    @torch.no_grad()
    def __call__(
        self, doubts: Doubts, inputs: Inputs, counts: Ints, spikes: npt.NDArray[np.uint8]
    ) -> None:
        """Put the doubtful neurons' counts (n, neurons) and spikes (n, bytes * map * 32 blocks) right, in place."""
        rows = doubts.rows[: int(doubts.total[0])]
        if not len(rows):
            return
        filters = [self.neurons[column] for column in rows[:, 1]]
        currents = np.stack(
            [
                self._currents(self._window(row, inputs), neuron)
                for row, neuron in zip(rows, filters, strict=True)
            ],
            axis=1,
        )
        exact, trains = self._fire(currents, filters)
        for row, count, train in zip(rows, exact, trains, strict=True):
            image, column, _, _, before, place = row.tolist()
            counts[image, column] += count - before
            if spikes.shape[1]:
                spikes[image].reshape(len(train), -1)[:, place] = train

    def _window(self, row: Ints, inputs: Inputs) -> npt.NDArray[np.float32]:
        """Inputs (T, channels, rows, columns) of a neuron's pool, with the padding."""
        shape, (image, _, y, x) = self.site.shape, row[:4].tolist()
        down = _inputs(shape.height, _positions(shape.height, y))
        right = _inputs(shape.width, _positions(shape.width, x))
        rows, columns = np.meshgrid(down, right, indexing="ij")
        rows, columns = rows - shape.height.padding, columns - shape.width.padding
        there = (rows >= 0) & (rows < shape.height.inputs)
        there &= (columns >= 0) & (columns < shape.width.inputs)
        window = np.zeros((self.site.time_steps, *there.shape, shape.channels), np.float32)
        pixels = (rows * shape.width.inputs + columns)[there]
        window[:, there] = inputs(image, pixels)[..., : shape.channels]
        return np.ascontiguousarray(window.transpose(0, 3, 1, 2))

    def _currents(self, window: npt.NDArray[np.float32], neuron: int) -> npt.NDArray[np.float32]:
        """Currents (T,) of a neuron, the largest of its pool."""
        filters = self._block(neuron)
        sums = self._sum(torch.from_numpy(window), filters)
        best: npt.NDArray[np.float32] = (
            sums[:, neuron - filters.start].reshape(len(sums), -1).amax(1).numpy()
        )
        return best

    def _block(self, neuron: int) -> slice:
        """Filters that are summed together with a neuron's: as few as torch's convolutions sum at once."""
        filters = self.site.shape.filters
        if not isinstance(self.site.layer.operator, nn.Conv2d) or filters % _BLOCK:
            return slice(0, filters)
        return slice(neuron // _BLOCK * _BLOCK, (neuron // _BLOCK + 1) * _BLOCK)

    def _sum(self, frames: Tensor, filters: slice) -> Tensor:
        """Currents of some filters for frames (k, c, rows, columns) that hold their own padding."""
        operator = self.site.layer.operator
        weight, bias = operator.weight[filters], operator.bias
        bias = None if bias is None else bias[filters]
        if isinstance(operator, nn.Conv2d):
            return nn.functional.conv2d(frames, weight, bias, operator.stride)
        return nn.functional.linear(frames.flatten(1), weight, bias)

    def _fire(
        self, currents: npt.NDArray[np.float32], filters: list[int]
    ) -> tuple[Ints, npt.NDArray[np.uint8]]:
        """Spike counts (k,) and trains (k, bytes) of neurons under currents (T, k)."""
        steps = self.site.time_steps
        counts = np.zeros((1, len(filters)), np.int64)
        trains = np.empty((-(-steps // 8), len(filters)), np.uint8)
        rows = layer_neurons(self.site.layer, steps)
        neurons = rows._replace(values=np.ascontiguousarray(rows.values[:, filters]))
        scan_channels(
            currents, np.empty((0, len(filters)), np.float32), neurons, steps, counts, trains
        )
        return counts[0], trains.T


def _some(span: Span) -> set[int]:
    """First, middle and last neuron of an axis."""
    return {0, span.outputs // 2, span.outputs - 1}


def _positions(span: Span, neuron: int) -> range:
    """Positions of the operator in a neuron's pool."""
    first = neuron * span.pool_stride - span.pool_padding
    return range(max(first, 0), min(first + span.pool, span.positions))


def _inputs(span: Span, positions: range) -> range:
    """Inputs of neighbouring positions, counted from the first of the padding."""
    first = positions.start * span.stride
    return range(first, first + (len(positions) - 1) * span.stride + span.kernel)


def _borders(shape: LayerShape) -> list[int]:
    """Padding as torch takes it: left, right, top, bottom."""
    return [shape.width.padding] * 2 + [shape.height.padding] * 2


def _cut(maps: Tensor, rows: range, columns: range) -> Tensor:
    return maps[:, :, rows.start : rows.stop, columns.start : columns.stop]
