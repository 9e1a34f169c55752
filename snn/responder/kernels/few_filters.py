"""A few filters of a first convolution: pixels in, spike counts out, one image at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.responder.kernels import lanes
from spikeatlas.snn.responder.kernels.constant import Finder, train_of
from spikeatlas.snn.responder.kernels.tiling import LANES, Axis

Array = np.ndarray[Any, Any]


@compiled
def normalise(image: Array, levels: Array, padding: tuple[int, int], planes: Array) -> None:
    """Copy an image uint8 (c, h, w) into zero-padded planes (c, rows, columns), normalised.

    ``levels``: float32 (c, 256), what each pixel value becomes.
    """
    for channel in range(image.shape[0]):
        for y in range(image.shape[1]):
            row = planes[channel, padding[0] + y]
            for x in range(image.shape[2]):
                row[padding[1] + x] = levels[channel, image[channel, y, x]]


@compiled
def convolve(planes: Array, weight: Array, bias: float, columns: int, out: Array) -> None:
    """Add up one filter (c, kh, kw) over all positions, into out float32 (rows, columns) flat.

    Stride 1; rows are a multiple of 4, which are summed side by side so that no addition waits for
    the last one, columns one of 32. The order of a sum is that of the weights.
    """
    flat, width = planes.reshape(planes.size), planes.shape[2]
    for place in range(0, len(out), 4 * columns):
        for x in range(0, columns, LANES):
            one = lanes.spread(bias)
            two, three, four = one, one, one
            for channel in range(weight.shape[0]):
                for down in range(weight.shape[1]):
                    row = channel * planes.shape[1] + place // columns + down
                    for right in range(weight.shape[2]):
                        factor = lanes.spread(weight[channel, down, right])
                        at = row * width + x + right
                        one = lanes.add(one, lanes.multiply(lanes.load(flat, at), factor))
                        at += width
                        two = lanes.add(two, lanes.multiply(lanes.load(flat, at), factor))
                        at += width
                        three = lanes.add(three, lanes.multiply(lanes.load(flat, at), factor))
                        at += width
                        four = lanes.add(four, lanes.multiply(lanes.load(flat, at), factor))
            lanes.store(out, place + x, one)
            lanes.store(out, place + columns + x, two)
            lanes.store(out, place + 2 * columns + x, three)
            lanes.store(out, place + 3 * columns + x, four)


@compiled
def pool_rows(out: Array, columns: int, down: Axis, y: int, best: Array) -> None:
    """Largest current over a pool's rows, for every column of the map."""
    first = down.first + y * down.lead
    top, bottom = max(first, 0), min(first + down.passes, down.positions)
    for x in range(0, columns, LANES):
        largest = lanes.load(out, top * columns + x)
        for row in range(top + 1, bottom):
            largest = lanes.larger(largest, lanes.load(out, row * columns + x))
        lanes.store(best, x, largest)


@compiled
def count_spikes(
    out: Array, best: Array, down: Axis, right: Axis, channel: int, finder: Finder
) -> int:
    """Spikes of one filter's map; ``best``: room for one row."""
    total = 0
    low, density, top = finder.low[channel], finder.density[channel], finder.top[channel]
    for y in range(down.outputs):
        pool_rows(out, len(best), down, y, best)
        for x in range(right.outputs):
            first = right.first + x * right.lead
            start, end = max(first, 0), min(first + right.passes, right.positions)
            current = best[start]
            for column in range(start + 1, end):
                value = best[column]
                current = value if value > current else current  # noqa: FURB136
            if len(finder.scale) > 0:
                current = current * finder.scale[channel] + finder.shift[channel]
            place = (current - low) * density
            place = place if place > np.float32(0) else np.float32(0)  # noqa: FURB136
            place = place if place < top else top  # noqa: FURB136
            guessed = finder.guesses[finder.bucket[channel] + np.int64(place)]
            total += finder.fires[train_of(current, guessed, finder)]
    return total


@compiled
def respond(
    images: Array,
    levels: Array,
    padding: tuple[int, int],
    weight: Array,
    bias: Array,
    down: Axis,
    right: Axis,
    finder: Finder,
    planes: Array,
    counts: Array,
) -> None:
    """Write the spike counts int64 (n, filters) of images uint8 (n, c, h, w).

    ``weight`` float32 (filters, c, kh, kw); ``planes``: zeros float32 (c, rows, columns), with room
    for a kernel behind the positions rounded up to 4 rows and 32 columns.
    """
    columns = (right.positions + LANES - 1) // LANES * LANES
    rows = (down.positions + 3) // 4 * 4
    out, best = np.empty(rows * columns, np.float32), np.empty(columns, np.float32)
    for image in range(len(images)):
        normalise(images[image], levels, padding, planes)
        for channel in range(len(weight)):
            convolve(planes, weight[channel], bias[channel], columns, out)
            counts[image, channel] = count_spikes(out, best, down, right, channel, finder)
