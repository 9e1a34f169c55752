"""Convolutions of spikes, as sums of the weights of those that are there, in a set order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.graph.execution.vector_operations import (
    active_bits,
    add_rows_1,
    add_rows_2,
    add_rows_4,
    copy_shifted,
)

Array = np.ndarray[Any, Any]

BLOCK = 16
"""Channels whose spikes are looked at together."""
_BYTE = 256
PLACES = np.array(
    [[*(bit for bit in range(8) if byte >> bit & 1), *[0] * 8][:8] for byte in range(_BYTE)],
    np.int32,
)
"""Places of the bits of a byte, (256, 8), filled up with 0."""
SIZES = np.array([byte.bit_count() for byte in range(_BYTE)])


class Window(NamedTuple):
    """A convolution's window: height, width, and stride and padding of both."""

    height: int
    width: int
    down: int
    right: int
    above: int
    left: int


@compiled
def list_spikes(
    spikes: Array, block: int, places: Array, sizes: Array, events: Array, starts: Array
) -> int:
    """List the channels that fire at each position; return how many there are, or -1 if more than fit.

    ``spikes``: float32 (n, h, w, channels), 0 or not; ``block``: channels, a multiple of 16, that are listed together.
    ``events``: int32, written: column times channels plus channel, by image, block, row, column and channel; its last 16 are
    room to write in. ``starts``: int32 (n, blocks, h, w + 1), written: where each position's begin.
    """
    images, height, width, channels = spikes.shape
    flat, table, space = spikes.reshape(-1), places.reshape(-1), len(events) - BLOCK
    count = 0
    for image in range(images):
        for first in range(0, channels, block):
            for y in range(height):
                row = starts[image, first // block, y]
                for x in range(width):
                    row[x] = count
                    place = ((image * height + y) * width + x) * channels
                    for channel in range(first, first + block, BLOCK):
                        bits = active_bits(flat, place + channel)
                        low, high, code = bits & 255, bits >> 8, x * channels + channel
                        copy_shifted(table, 8 * low, code, events, count)
                        count += sizes[low]
                        copy_shifted(table, 8 * high, code + 8, events, count)
                        count += sizes[high]
                        if count > space:
                            return -1
                row[width] = count
    return count


@compiled
def add_events(
    events: Array, starts: Array, weights: Array, bias: Array, window: Window, currents: Array
) -> None:
    """Write the currents, float32 (n, h, w, filters), of listed spikes.

    Within each block of channels, weights are added by row and column of the window and channel; the blocks' sums
    then to ``bias`` (filters,), one after the other. ``weights``: float32 (parts, height width channels, lanes), 16,
    32 or 64 filters a part.
    """
    images, high, wide, filters = currents.shape
    parts, size, lanes = weights.shape
    _, blocks, height, width = starts.shape
    channels = size // (window.height * window.width)
    rows, begins, target = weights.reshape(-1), starts.reshape(-1), currents.reshape(-1)
    lines = np.empty((window.height, 2), np.int64)
    for part in range(parts):
        for image in range(images):
            currents[image, :, :, part * lanes : (part + 1) * lanes] = bias[part * lanes : (part + 1) * lanes]
            for block in range(blocks):
                first = (image * blocks + block) * height
                for y in range(high):
                    count = _lines(first, y, height, width, part * size, channels, window, lines)
                    place = (image * high + y) * wide * filters + part * lanes
                    for x in range(wide):
                        left = x * window.right - window.left
                        columns = (max(left, 0), min(left + window.width, width - 1), -left * channels)
                        if lanes == 64:
                            add_rows_4(rows, events, begins, lines, count, columns, target, place)
                        elif lanes == 32:
                            add_rows_2(rows, events, begins, lines, count, columns, target, place)
                        else:
                            add_rows_1(rows, events, begins, lines, count, columns, target, place)
                        place += filters


@compiled
def _lines(first: int, y: int, height: int, width: int, row: int, channels: int, window: Window, lines: Array) -> int:
    """Write where the rows of a window begin in ``starts`` and in the weights; return how many lie in the map."""
    top, count = y * window.down - window.above, 0
    for down in range(max(-top, 0), min(window.height, height - top)):
        lines[count, 0] = (first + top + down) * width
        lines[count, 1] = row + down * window.width * channels
        count += 1
    return count
