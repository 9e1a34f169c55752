"""Layer behind any spikes: weights are summed per pattern of four time steps, then over the steps.

In four steps an input has one of 16 patterns of spikes. Summing weights per pattern touches each
weight once in four steps, and not at all while its input is silent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.responder.kernels import lanes
from spikeatlas.snn.responder.kernels.tiles import (
    Doubts,
    Filters,
    add_rows,
    clear,
    corner,
    finish,
    fold,
    inside,
)
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling

Array = np.ndarray[Any, Any]
PATTERNS = 16


class PatternRoom(NamedTuple):
    """Working arrays of one call, written over for every image; q counts groups of four steps."""

    sums: Array
    """float32, flat: one vector of 32 for each pattern."""
    currents: Array
    """float32, flat: one vector of 32 for each time step, up to a multiple of four."""
    patterns: Array
    """uint8 (q, all inputs): pattern of each active input."""
    columns: Array
    """int32 (q, all inputs): x * channels + channel of each active input."""
    begins: Array
    """int32 (q, pixels + 1): the active inputs of pixel p are begins[p] to begins[p + 1]."""


@compiled
def list_active(spikes: Array, tiling: Tiling, room: PatternRoom) -> None:
    """List the inputs that fire, for each four steps: spikes are one image's, uint8 (bytes, map)."""
    width = tiling.width.inputs * tiling.channels
    for group in range(len(room.begins)):
        row = spikes[group >> 1]
        shift = 4 * (group & 1)
        patterns, columns, begins = room.patterns[group], room.columns[group], room.begins[group]
        count = 0
        for pixel in range(len(begins) - 1):
            begins[pixel] = count
            start = pixel * tiling.channels
            offset = start - start // width * width
            for channel in range(tiling.channels):
                pattern = (row[start + channel] >> shift) & 15
                patterns[count] = pattern
                columns[count] = offset + channel
                count += 1 if pattern > 0 else 0
        begins[len(begins) - 1] = count


@compiled
def over_time(room: PatternRoom, group: int, fresh: bool) -> None:
    """Write the currents of four steps, or raise them to this pass' if a pass came before."""
    for step in range(4):
        total = lanes.zeros()
        for pattern in range(PATTERNS):
            if pattern >> step & 1:
                total = lanes.add(total, lanes.load(room.sums, pattern * LANES))
        place = (4 * group + step) * LANES
        if not fresh:
            total = lanes.larger(total, lanes.load(room.currents, place))
        lanes.store(room.currents, place, total)


@compiled
def tile_currents(
    tiling: Tiling, tile: tuple[int, int], weights: Array, block: int, room: PatternRoom
) -> None:
    """Currents of 32 lanes of a tile, the largest over the passes."""
    inputs = tiling.height.window * tiling.width.window * tiling.channels
    fresh = True
    for down in range(tiling.height.passes):
        for right in range(tiling.width.passes):
            if inside(tiling, tile, down, right):
                start = corner(tiling, tile, down, right)
                for group in range(len(room.begins)):
                    clear(room.sums, PATTERNS)
                    add_rows(
                        room.sums,
                        room.patterns[group],
                        room.columns[group],
                        room.begins[group],
                        tiling,
                        start,
                        weights,
                        block * inputs * LANES,
                    )
                    over_time(room, group, fresh)
                fresh = False


@compiled
def respond(
    spikes: Array,
    steps: int,
    tiling: Tiling,
    filters: Filters,
    room: PatternRoom,
    counts: Array,
    out: Array,
    doubts: Doubts,
) -> None:
    """Count every neuron's spikes, adding to counts int64 (n, neurons), and write the spikes.

    ``spikes``: uint8 (n, bytes of T steps, map * channels), bit k of byte b is step 8b + k.
    ``out``: uint8 (n, bytes * map * 32 blocks), or (n, 0) if no layer follows.
    """
    for image in range(len(counts)):
        list_active(spikes[image], tiling, room)
        for y in range(tiling.height.tiles):
            for x in range(tiling.width.tiles):
                for block in range(tiling.blocks):
                    tile_currents(tiling, (y, x), filters.weights, block, room)
                    finish(
                        tiling,
                        (y, x),
                        block,
                        filters,
                        room.currents,
                        steps,
                        counts,
                        out,
                        image,
                        doubts,
                    )


@compiled
def sum_currents(
    spikes: Array, steps: int, tiling: Tiling, filters: Filters, room: PatternRoom, currents: Array
) -> None:
    """Write pooled currents float32, flat (T, n, map, stored channels), of spikes as of ``respond``."""
    count = len(spikes)
    size = len(currents) // (steps * count)
    for image in range(count):
        list_active(spikes[image], tiling, room)
        for y in range(tiling.height.tiles):
            for x in range(tiling.width.tiles):
                for block in range(tiling.blocks):
                    tile_currents(tiling, (y, x), filters.weights, block, room)
                    if tiling.fold > 1:
                        fold(room.currents, tiling.fold, steps)
                    bias = lanes.load(filters.bias, block * LANES)
                    place = ((y * tiling.width.tiles + x) * tiling.blocks + block) * LANES
                    for step in range(steps):
                        current = lanes.add(lanes.load(room.currents, step * LANES), bias)
                        lanes.store(currents, (step * count + image) * size + place, current)
