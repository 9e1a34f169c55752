"""Convolutions of spikes: the weights of those that are there, added in a set order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.graph.execution.vector_operations import (
    LANES,
    active_bits,
    add_rows,
    copy_shifted,
)

Array = np.ndarray[Any, Any]

_BYTE = 256
PLACES = np.array(
    [[*(bit for bit in range(8) if byte >> bit & 1), *[0] * 8][:8] for byte in range(_BYTE)],
    np.int32,
).reshape(-1)
"""Places of the bits of each byte, eight a byte, filled up with 0."""
SIZES = np.array([byte.bit_count() for byte in range(_BYTE)])
"""Bits of each byte."""


class Window(NamedTuple):
    """A convolution's window: height, width, and stride and padding of both."""

    height: int
    width: int
    down: int
    right: int
    above: int
    beside: int


@compiled
def list_spikes(
    spikes: Array, block: int, places: Array, sizes: Array, events: Array, starts: Array
) -> int:
    """List the channels that fire at each position; return how many there are, or -1 if more than fit.

    ``spikes``: float32 (n, h, w, channels), 0 or not. ``block``: channels, a multiple of 16, that are listed together.
    ``events``: int32, written: column times channels plus channel, by image, block, row, column, channel; of its room
    16 stay free. ``starts``: int32 (n, blocks, h, w + 1), written: where the events of each position begin.
    """
    images, height, width, channels = spikes.shape
    flat, space, count = spikes.reshape(-1), len(events) - LANES, 0
    for image in range(images):
        for first in range(0, channels, block):
            for y in range(height):
                row = starts[image, first // block, y]
                for x in range(width):
                    row[x] = count
                    place = ((image * height + y) * width + x) * channels
                    for channel in range(first, first + block, LANES):
                        bits = active_bits(flat, place + channel)
                        low, high, code = bits & 255, bits >> 8, x * channels + channel
                        copy_shifted(places, 8 * low, code, events, count)
                        count += sizes[low]
                        copy_shifted(places, 8 * high, code + 8, events, count)
                        count += sizes[high]
                        if count > space:
                            return -1
                row[width] = count
    return count


@compiled
def add_events(
    events: Array, starts: Array, weights: Array, bias: Array, window: Window, currents: Array
) -> None:
    """Write the currents, float32 (n, h, w, filters), of spikes that ``list_spikes`` has listed.

    Within each block of channels, weights are added by row and column of the window and channel; the sums of the blocks
    then to ``bias`` (filters,), one after the other. ``weights``: float32 (parts, height width channels, lanes), with
    16, 32 or 64 filters a part.
    """
    images, high, wide, filters = currents.shape
    parts, size, lanes = weights.shape
    _, blocks, height, width = starts.shape
    step = size // window.height
    lines = np.empty((window.height, 2), np.int64)
    arrays = weights.reshape(-1), events, starts.reshape(-1), lines
    target = currents.reshape(-1)
    for part in range(parts):
        some = slice(part * lanes, (part + 1) * lanes)
        for image in range(images):
            currents[image, :, :, some] = bias[some]
            for block in range(blocks):
                first = (image * blocks + block) * height
                for y in range(high):
                    top, count = y * window.down - window.above, 0
                    for row in range(max(-top, 0), min(window.height, height - top)):
                        lines[count, 0] = (first + top + row) * width
                        lines[count, 1] = part * size + row * step
                        count += 1
                    place = (image * high + y) * wide * filters + part * lanes
                    for x in range(wide):
                        column = x * window.right - window.beside
                        last = min(column + window.width, width - 1)
                        columns = max(column, 0), last, -column * (step // window.width)
                        add_rows(arrays, count, columns, lanes, target, place + x * filters)
