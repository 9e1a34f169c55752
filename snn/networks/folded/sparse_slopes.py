"""Gradients of a convolution before a pool of 2x2: only what is not 0 is multiplied.

Behind a maximum, three quarters of the gradients of the maps are 0, and most spikes are 0 too. With d the gradients of
maps, where they are not 0, s the frames, where they are not 0, and k the kernel:

    gradient of s[c, y, x] = sum of d[f, y + p - a, x + p - b] k[f, c, a, b]   over the d of the window
    gradient of k[f, c, a, b] = sum of s[c, y, x] d[f, y + p - a, x + p - b]   over the s of all frames

and with a stride of 2, (y + p - a) / 2 and (x + p - b) / 2 where these are whole. The sums are torch's in another order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.networks.folded.row_sums import LANES, VECTORS, add_multiples

Array = np.ndarray[Any, Any]

_DENSE = 0.4
"""Share of numbers that are not 0 up to which sums of some rows are faster than torch's of all."""
_BYTES = 2**18
"""Of gradients of maps that are summed together: they stay in the second-level cache."""
_SOME = 16
"""Frames that are looked at."""
_WIDE = LANES * VECTORS


def are_sparse(frames: Tensor) -> bool:
    """Tell whether gradients of weights are had faster here than by torch, which fills up channels.

    ``frames`` (n, channels, h, w), some of which are looked at.
    """
    some = frames[:: max(1, len(frames) // _SOME)].numpy()
    share = np.count_nonzero(some) / max(some.size, 1)
    return bool(share * frames.shape[1] <= _DENSE * _filled(frames.shape[1]))


def input_slopes(
    arriving: Tensor, places: Tensor, weight: Tensor, padding: tuple[int, int], shape: torch.Size
) -> Tensor:
    """Gradients of frames of a shape (n, channels, h, w), of those of their pooled currents.

    ``arriving`` (n, filters, h', w'); ``places`` of the largest, 0 to 3 row by row; ``weight`` (filters, channels, kh,
    kw). The padding is smaller than the kernel.
    """
    channels = shape[1]
    rows = weight.new_zeros((*weight.shape[2:], len(weight), _filled(channels)))
    rows[..., :channels] = weight.flip(2, 3).permute(2, 3, 0, 1)
    result = arriving.new_empty(shape)
    _add_inputs(arriving.numpy(), places.numpy(), rows.numpy(), padding, result.numpy())
    return result


def weight_slopes(
    arriving: Tensor, places: Tensor, frames: Tensor, padding: tuple[int, int], weight: Tensor
) -> Tensor:
    """Gradients of the weights, summed over frames (n, channels, h, w); the rest as in ``input_slopes``."""
    return _weight_slopes(arriving, places, frames, padding, weight, every=1)


def strided_weight_slopes(
    arriving: Tensor, frames: Tensor, padding: tuple[int, int], weight: Tensor
) -> Tensor:
    """Gradients of weights (filters, channels, kh, kw) of a convolution of stride 2, of those of its maps.

    ``arriving`` (n, filters, h', w'), of frames (n, channels, h, w).
    """
    places = torch.empty((0, 0, 0, 0), dtype=torch.uint8)
    return _weight_slopes(arriving, places, frames, padding, weight, every=2)


def _weight_slopes(
    arriving: Tensor,
    places: Tensor,
    frames: Tensor,
    padding: tuple[int, int],
    weight: Tensor,
    *,
    every: int,
) -> Tensor:
    filters, channels, high, wide = weight.shape
    sums = weight.new_zeros((high, wide, channels, _filled(filters)))
    slopes, inputs = arriving.contiguous().numpy(), frames.contiguous().numpy()
    _add_weights(slopes, places.numpy(), inputs, padding, every, sums.numpy())
    return sums[..., :filters].permute(3, 2, 0, 1).contiguous()


def _filled(size: int) -> int:
    """Size filled up to whole vectors."""
    return -(-size // LANES) * LANES


@compiled
def _add_inputs(
    arriving: Array, places: Array, rows: Array, padding: tuple[int, int], result: Array
) -> None:
    count, filters, half_high, half_wide = arriving.shape
    _, channels, height, width = result.shape
    lanes, flat = rows.shape[3], rows.reshape(-1)
    sums = np.empty((height, width, _WIDE), np.float32)
    room = filters * half_high * half_wide
    numbers, factors = np.empty(room + 1, np.int32), np.empty(room + 1, np.float32)
    starts = np.empty((2 * half_high, 2 * half_wide + 1), np.int64)
    for frame in range(count):
        _list_slopes(arriving[frame], places[frame], numbers, factors, starts)
        for first in range(0, lanes, _WIDE):
            sums[:] = 0
            _add_windows(flat, rows.shape, numbers, factors, starts, padding, first, sums)
            for channel in range(first, min(first + _WIDE, channels)):
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
            for chosen in range(filters):
                value = arriving[chosen, y >> 1, x >> 1]
                numbers[count], factors[count] = x * filters + chosen, value
                here = places[chosen, y >> 1, x >> 1] == place
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
            left = x + padding[1] - (wide - 1)
            start, end = max(left, 0), min(left + wide, right)
            place = (y * width + x) * _WIDE
            for line in range(max(-top, 0), min(high, down - top)):
                reach = starts[top + line, start], starts[top + line, max(start, end)]
                if reach[1] > reach[0]:
                    step = (line * wide - left) * filters, lanes, first
                    add_multiples(rows, numbers, factors, reach, step, vectors, flat, place)


@compiled
def _add_weights(
    arriving: Array,
    places: Array,
    frames: Array,
    padding: tuple[int, int],
    every: int,
    sums: Array,
) -> None:
    """Add up over all frames; ``places``: of none where gradients are of whole maps, of a stride (``every``)."""
    count, channels, height, width = frames.shape
    high, wide, _, lanes = sums.shape
    down, right = (height + 2 * padding[0] - high) // every + 1, (width - 1) // every + padding[1]
    beside = (wide - 1 - padding[1]) // every
    size = down, right + 2 + beside, lanes
    together = max(1, _BYTES // (4 * size[0] * size[1] * lanes))
    maps = np.zeros((together, size[0], size[1], lanes), np.float32)
    entries = (
        np.empty(height * width + 1, np.int32),
        np.empty(height * width + 1, np.float32),
        np.empty(height + 1, np.int64),
    )
    for first in range(0, count, together):
        some = min(together, count - first)
        for number in range(some):
            maps[number] = 0
            if len(places) > 0:
                _spread(arriving[first + number], places[first + number], beside, maps[number])
            else:
                _turn(arriving[first + number], beside, maps[number])
        for channel in range(channels):
            for number in range(some):
                frame = frames[first + number, channel]
                for upper in range(every):
                    for left in range(every):
                        corner = upper, left
                        rows = _list_inputs(frame, corner, every, size[1], entries)
                        shift = padding[0] + upper, padding[1] + left
                        _add_kernel(
                            maps[number], beside, entries, rows, shift, every, channel, sums
                        )


@compiled
def _spread(arriving: Array, places: Array, beside: int, maps: Array) -> None:
    """Write gradients of maxima where these come from, the filters last, ``beside`` columns from the left."""
    filters, height, width = arriving.shape
    for chosen in range(filters):
        for y in range(height):
            for x in range(width):
                place = places[chosen, y, x]
                down, right = 2 * y + (place >> 1), 2 * x + (place & 1)
                maps[down, beside + right, chosen] = arriving[chosen, y, x]


@compiled
def _turn(arriving: Array, beside: int, maps: Array) -> None:
    """Write gradients of maps, the filters last, ``beside`` columns from the left."""
    filters, height, width = arriving.shape
    for chosen in range(filters):
        for y in range(height):
            for x in range(width):
                maps[y, beside + x, chosen] = arriving[chosen, y, x]


@compiled
def _list_inputs(
    frame: Array,
    corner: tuple[int, int],
    every: int,
    stride: int,
    entries: tuple[Array, Array, Array],
) -> int:
    """List the numbers of a frame (h, w) that are not 0, of every second row and column, say; return the rows.

    ``corner``: the first row and column. An entry's number: row times ``stride`` plus column, of those that count.
    """
    numbers, factors, starts = entries
    count, rows = 0, 0
    for y in range(corner[0], len(frame), every):
        starts[rows] = count
        row = frame[y]
        for place in range((len(row) - corner[1] + every - 1) // every):
            value = row[corner[1] + place * every]
            numbers[count], factors[count] = rows * stride + place, value
            count += value != np.float32(0)
        rows += 1
    starts[rows] = count
    return rows


@compiled
def _add_kernel(
    maps: Array,
    beside: int,
    entries: tuple[Array, Array, Array],
    rows: int,
    shift: tuple[int, int],
    every: int,
    channel: int,
    sums: Array,
) -> None:
    """Add the gradients of one channel's weights, of one frame's numbers in these rows.

    ``shift``: of the first row and column, the padding included.
    """
    numbers, factors, starts = entries
    high, wide, channels, lanes = sums.shape
    down, stride, _ = maps.shape
    gradients, flat = maps.reshape(-1), sums.reshape(-1)
    for a in range(shift[0] % every, high, every):
        # the row of the frame that stands on the map's first under weight row a
        top = (a - shift[0]) // every
        reach = starts[max(top, 0)], starts[max(0, min(rows, down + top))]
        if reach[1] <= reach[0]:
            continue
        for b in range(shift[1] % every, wide, every):
            for first in range(0, lanes, _WIDE):
                step = beside - (b - shift[1]) // every - top * stride, lanes, first
                vectors = min(VECTORS, (lanes - first) // LANES)
                place = ((a * wide + b) * channels + channel) * lanes + first
                add_multiples(gradients, numbers, factors, reach, step, vectors, flat, place)
