"""Gradients of a convolution's inputs behind which a pool took the largest of each 2x2: three quarters are not multiplied.

With d the gradients of the maps, where they are not 0, s the frames and k the kernel:

    gradient of s[c, y, x] = sum of d[f, y + p - a, x + p - b] k[f, c, a, b]   over the d of the window

The sums are torch's in another order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.networks.folded.row_sums import LANES, VECTORS, WIDE, add_multiples, filled_up

Array = np.ndarray[Any, Any]


def input_slopes(
    arriving: Tensor, places: Tensor, weight: Tensor, padding: tuple[int, int], shape: torch.Size
) -> Tensor:
    """Gradients of frames of a shape (n, channels, h, w), of those of their pooled currents.

    ``arriving`` (n, filters, h', w'); ``places`` of the largest, 0 to 3 row by row; ``weight`` (filters, channels, kh,
    kw). The padding is smaller than the kernel.
    """
    channels = shape[1]
    rows = weight.new_zeros((*weight.shape[2:], len(weight), filled_up(channels)))
    rows[..., :channels] = weight.flip(2, 3).permute(2, 3, 0, 1)
    result = arriving.new_empty(shape)
    _add_inputs(arriving.numpy(), places.numpy(), rows.numpy(), padding, result.numpy())
    return result


@compiled
def _add_inputs(
    arriving: Array, places: Array, rows: Array, padding: tuple[int, int], result: Array
) -> None:
    count, filters, half_high, half_wide = arriving.shape
    _, channels, height, width = result.shape
    lanes, flat = rows.shape[3], rows.reshape(-1)
    sums = np.empty((height, width, WIDE), np.float32)
    room = filters * half_high * half_wide
    numbers, factors = np.empty(room + 1, np.int32), np.empty(room + 1, np.float32)
    starts = np.empty((2 * half_high, 2 * half_wide + 1), np.int64)
    for frame in range(count):
        _list_slopes(arriving[frame], places[frame], numbers, factors, starts)
        for first in range(0, lanes, WIDE):
            sums[:] = 0
            _add_windows(flat, rows.shape, numbers, factors, starts, padding, first, sums)
            for channel in range(first, min(first + WIDE, channels)):
                for y in range(height):
                    for x in range(width):
                        result[frame, channel, y, x] = sums[y, x, channel - first]


@compiled
def _list_slopes(
    arriving: Array, places: Array, numbers: Array, factors: Array, starts: Array
) -> None:
    """List the gradients of a map that are not 0, by row, column and filter: column times filters plus filter."""
    filters = len(arriving)
    count = 0
    for y in range(len(starts)):
        for x in range(starts.shape[1] - 1):
            starts[y, x] = count
            place = np.uint8(2 * (y & 1) + (x & 1))
            for filter_number in range(filters):
                value = arriving[filter_number, y >> 1, x >> 1]
                numbers[count], factors[count] = x * filters + filter_number, value
                here = places[filter_number, y >> 1, x >> 1] == place
                count += here & (value != np.float32(0))
        starts[y, starts.shape[1] - 1] = count


@compiled
def _add_windows(
    rows: Array,
    shape: tuple[int, int, int, int],
    numbers: Array,
    factors: Array,
    starts: Array,
    padding: tuple[int, int],
    first: int,
    sums: Array,
) -> None:
    """Add to every position what the gradients of its window give it, for the channels from ``first`` on."""
    high, wide, filters, lanes = shape
    height, width, _ = sums.shape
    down, right = len(starts), starts.shape[1] - 1
    flat, vectors = sums.reshape(-1), min(VECTORS, (lanes - first) // LANES)
    for y in range(height):
        top = y + padding[0] - (high - 1)
        for x in range(width):
            start_column = x + padding[1] - (wide - 1)
            start, end = max(start_column, 0), min(start_column + wide, right)
            place = (y * width + x) * WIDE
            for line in range(max(-top, 0), min(high, down - top)):
                reach = starts[top + line, start], starts[top + line, max(start, end)]
                if reach[1] > reach[0]:
                    step = (line * wide - start_column) * filters, lanes, first
                    add_multiples(rows, numbers, factors, reach, step, vectors, flat, place)
