"""Parts of every kernel over tiles: sums of weight rows, pooling, and the neurons' steps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.responder.kernels import lanes
from spikeatlas.snn.responder.kernels.fire import Cells, fire_rule
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling

Array = np.ndarray[Any, Any]


class Filters(NamedTuple):
    """Weights and neurons of the lanes, and the places of their spikes; all arrays flat, 32 entries a block."""

    weights: Array
    """float32 (blocks, window rows, window columns, channels, 32)."""
    bias: Array
    """float32."""
    cells: Cells
    neuron: Array
    """int64: column of the response that a lane's spikes count for; -1: none."""
    down: Array
    """int64: place of a lane's neuron in its tile, along the height."""
    right: Array
    """int64: the same along the width."""
    margin: Array
    """float32: a membrane as near to the threshold as that, at any step, makes a neuron doubtful."""
    guarded: bool
    """Look for doubtful neurons."""


class Doubts(NamedTuple):
    """Neurons whose membrane came so near to the threshold that sums in another order might tell otherwise."""

    rows: Array
    """int64 (room, 6): image, column of the response, y, x, spikes counted, place in the spikes that are written."""
    total: Array
    """int64 (1,): how many there are, whether or not the room sufficed."""


@compiled
def clear(sums: Array, count: int) -> None:
    """Set the first ``count`` vectors to 0."""
    for place in range(count):
        lanes.store(sums, place * LANES, lanes.zeros())


@compiled
def corner(tiling: Tiling, tile: tuple[int, int], down: int, right: int) -> tuple[int, int]:
    """First input, along height and width, of a tile's pass."""
    return (
        tiling.height.origin + tile[0] * tiling.height.step + down * tiling.height.pass_step,
        tiling.width.origin + tile[1] * tiling.width.step + right * tiling.width.pass_step,
    )


@compiled
def inside(tiling: Tiling, tile: tuple[int, int], down: int, right: int) -> bool:
    """True for a pass on a position of the convolution, not in the pool's padding."""
    y = tiling.height.first + tile[0] * tiling.height.lead + down
    x = tiling.width.first + tile[1] * tiling.width.lead + right
    return 0 <= y < tiling.height.positions and 0 <= x < tiling.width.positions


@compiled
def add_rows(
    sums: Array,
    slots: Array,
    columns: Array,
    begins: Array,
    tiling: Tiling,
    corner: tuple[int, int],
    weights: Array,
    base: int,
) -> None:
    """Add the weight row of every active input in a window to the sum in the input's slot.

    Inputs stand in the order of the map; pixel p's are those from begins[p] to begins[p + 1].
    """
    start = max(corner[1], 0)
    end = min(corner[1] + tiling.width.window, tiling.width.inputs)
    if start >= end:
        return
    for row in range(tiling.height.window):
        y = corner[0] + row
        if 0 <= y < tiling.height.inputs:
            shift = base + (row * tiling.width.window - corner[1]) * tiling.channels * LANES
            pixel = y * tiling.width.inputs
            first, last = begins[pixel + start], begins[pixel + end]
            # slices, since an index that counts from 0 is not checked for being negative
            slot, column = slots[first:last], columns[first:last]
            for entry in range(len(slot)):
                place = np.intp(slot[entry]) * LANES
                weight = lanes.load(weights, shift + np.intp(column[entry]) * LANES)
                lanes.store(sums, place, lanes.add(lanes.load(sums, place), weight))


@compiled
def fold(currents: Array, groups: int, steps: int) -> None:
    """Pool across lanes: lane k of every step becomes the maximum over its group.

    Lanes behind the first group are used no more. The array is one vector longer than its steps, for the loads of the last one.
    """
    width = LANES // groups
    for step in range(steps):
        best = lanes.load(currents, step * LANES)
        for group in range(1, groups):
            best = lanes.larger(lanes.load(currents, step * LANES + group * width), best)
        lanes.store(currents, step * LANES, best)


@compiled
def fire(
    currents: Array,
    filters: Filters,
    block: int,
    steps: int,
    fired: Array,
    gaps: Array,
    out: Array,
    place: int,
) -> None:
    """Step 32 neurons through time; count their spikes, and write them from ``place`` of out on.

    ``gaps``: float32 (32,), minus the smallest distance of the membrane from the threshold, where it is looked for.

    The arithmetic is snnTorch's, operation for operation: (beta * m + current) - reset * threshold,
    or beta * ((1 - reset) * m) + current, spike where m - threshold > 0, reset one step later.
    ``out``: flat uint8, byte b at place + b * (its length // bytes per neuron); bit k of byte b is step 8b + k.
    """
    at = block * LANES
    beta = lanes.load(filters.cells.values, at)
    threshold = lanes.load(filters.cells.values, 3 * len(filters.bias) + at)
    bias, still, zero = lanes.load(filters.bias, at), lanes.zeros(), filters.cells.codes[2] == 2
    membrane, spikes, count, byte = still, lanes.never(), lanes.none(), lanes.none()
    gap = lanes.spread(np.float32(-1e30))
    stride = len(out) // ((steps + 7) // 8)
    for step in range(steps):
        current = lanes.add(lanes.load(currents, step * LANES), bias)
        if zero:
            membrane = lanes.choose(spikes, still, membrane)
        membrane = lanes.add(lanes.multiply(beta, membrane), current)
        if not zero:
            membrane = lanes.subtract(membrane, lanes.choose(spikes, threshold, still))
        distance = lanes.subtract(membrane, threshold)
        spikes = lanes.above(distance, still)
        if filters.guarded:
            size = lanes.larger(distance, lanes.subtract(still, distance))
            gap = lanes.larger(gap, lanes.subtract(still, size))
        count = lanes.add(count, lanes.bits(spikes, 0))
        byte = lanes.unite(byte, lanes.bits(spikes, step & 7))
        if stride > 0 and (step & 7 == 7 or step == steps - 1):
            lanes.store_bytes(out, place + (step >> 3) * stride, byte)
            byte = lanes.none()
    lanes.store(fired, 0, count)
    lanes.store(gaps, 0, gap)


@compiled
def tally(
    fired: Array,
    gaps: Array,
    filters: Filters,
    block: int,
    tiling: Tiling,
    tile: tuple[int, int],
    counts: Array,
    place: int,
    image: int,
    doubts: Doubts,
) -> None:
    """Add the spikes of 32 lanes to their neurons' counts, where the lane has a neuron in the map; list the doubtful."""
    for lane in range(LANES):
        at = block * LANES + lane
        y = tile[0] * tiling.height.tile + filters.down[at]
        x = tile[1] * tiling.width.tile + filters.right[at]
        if filters.neuron[at] >= 0 and y < tiling.height.outputs and x < tiling.width.outputs:
            counts[filters.neuron[at]] += fired[lane]
            if filters.guarded and gaps[lane] > -filters.margin[at]:
                number = doubts.total[0]
                doubts.total[0] += 1
                if number < len(doubts.rows):
                    row = doubts.rows[number]
                    row[0], row[1], row[2], row[3] = image, filters.neuron[at], y, x
                    row[4], row[5] = fired[lane], place + lane


@compiled
def finish(
    tiling: Tiling,
    tile: tuple[int, int],
    block: int,
    filters: Filters,
    currents: Array,
    steps: int,
    counts: Array,
    spikes: Array,
    image: int,
    doubts: Doubts,
) -> None:
    """Pool, fire and count the 32 lanes of a tile whose currents are known.

    ``counts`` and ``spikes`` are of all images; spikes (n, bytes * map * stored channels), or (n, 0).
    """
    if tiling.fold > 1:
        fold(currents, tiling.fold, steps)
    place = ((tile[0] * tiling.width.tiles + tile[1]) * tiling.blocks + block) * LANES
    fired, gaps = np.empty(LANES, np.int32), np.empty(LANES, np.float32)
    if filters.cells.plain:
        fire(currents, filters, block, steps, fired, gaps, spikes[image], place)
    else:
        at = block * LANES
        bias = lanes.load(filters.bias, at)
        fire_rule(currents, bias, filters.cells, at, steps, fired, gaps, spikes[image], place)
    tally(fired, gaps, filters, block, tiling, tile, counts[image], place, image, doubts)
