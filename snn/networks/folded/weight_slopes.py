"""Gradients of a convolution's weights before a pool of 2x2: inputs that are 0 are not multiplied.

With d the gradients of the maps, s the frames, where they are not 0, and k the kernel:

    gradient of k[f, c, a, b] = sum of s[c, y, x] d[f, y + p - a, x + p - b]   over the s of all frames

and with a stride of 2, (y + p - a) / 2 and (x + p - b) / 2 where these are whole. The sums are torch's in another order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.networks.folded.row_sums import LANES, VECTORS, WIDE, add_multiples, filled_up

Array = np.ndarray[Any, Any]

_DENSE = 0.4
"""Share of numbers that are not 0 up to which sums of some rows are faster than torch's of all."""
_BYTES = 2**18
"""Of gradients of maps that are summed together: they stay in the second-level cache."""
_SOME = 16
"""Frames that are looked at."""


def are_sparse(frames: Tensor) -> bool:
    """Tell whether gradients of weights are had faster here than by torch, which fills up channels.

    ``frames`` (n, channels, h, w), some of which are looked at.
    """
    some = frames[:: max(1, len(frames) // _SOME)].detach().numpy()
    share = np.count_nonzero(some) / max(some.size, 1)
    return bool(share * frames.shape[1] <= _DENSE * filled_up(frames.shape[1]))


def weight_slopes(
    arriving: Tensor, places: Tensor, frames: Tensor, padding: tuple[int, int], weight: Tensor
) -> Tensor:
    """Gradients of the weights, summed over frames (n, channels, h, w); the rest as in ``input_slopes.input_slopes``."""
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
    sums = weight.new_zeros((high, wide, channels, filled_up(filters)))
    slopes, inputs = arriving.contiguous().numpy(), frames.detach().contiguous().numpy()
    _add_weights(slopes, places.numpy(), inputs, padding, every, sums.numpy())
    return sums[..., :filters].permute(3, 2, 0, 1).contiguous()


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
                    for across in range(every):
                        corner = upper, across
                        rows = _list_inputs(frame, corner, every, size[1], entries)
                        shift = padding[0] + upper, padding[1] + across
                        _add_kernel(
                            maps[number], beside, entries, rows, shift, every, channel, sums
                        )


@compiled
def _spread(arriving: Array, places: Array, beside: int, maps: Array) -> None:
    """Write gradients of maxima where these come from, the filters last, ``beside`` columns from the left."""
    filters, height, width = arriving.shape
    for filter_number in range(filters):
        for y in range(height):
            for x in range(width):
                place = places[filter_number, y, x]
                down, right = 2 * y + (place >> 1), 2 * x + (place & 1)
                maps[down, beside + right, filter_number] = arriving[filter_number, y, x]


@compiled
def _turn(arriving: Array, beside: int, maps: Array) -> None:
    """Write gradients of maps, the filters last, ``beside`` columns from the left."""
    filters, height, width = arriving.shape
    for filter_number in range(filters):
        for y in range(height):
            for x in range(width):
                maps[y, beside + x, filter_number] = arriving[filter_number, y, x]


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
            for first in range(0, lanes, WIDE):
                step = beside - (b - shift[1]) // every - top * stride, lanes, first
                vectors = min(VECTORS, (lanes - first) // LANES)
                place = ((a * wide + b) * channels + channel) * lanes + first
                add_multiples(gradients, numbers, factors, reach, step, vectors, flat, place)
