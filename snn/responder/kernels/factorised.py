"""Layer behind neurons whose current is constant: weights are summed per spike train, then over time.

A neuron under constant current fires one of a few trains, ordered by the current. With the trains
numbered in that order, train n has fired N(n, t) times by step t, and N never falls with n. So the
current summed over the steps 0 to t, the sum over a position's inputs of weight times N, is the sum
over the numbers e at which N(., t) rises by one of C(e): the weights of all inputs whose train is e
or later. That takes t additions at most, however many inputs and trains there are, and the current
of step t is the difference of two such sums.

Differences of large numbers lose digits, so C is summed in float64 and then rounded to 32-bit whole
numbers, in units of 2^-31 of the largest current that the position's inputs could make. Sums of those
may wrap around, but their differences are exact: the currents fit. All in all a current is off by
less than float32 loses when it adds up the weights one by one.
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
    inside,
)
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling

Array = np.ndarray[Any, Any]


class Rises(NamedTuple):
    """Times at which trains fire, for all tables of a layer one behind the other."""

    tables: Array
    """int64 (tables + 1,): number of the first train of each table; its last number is unused."""
    trains: Array
    """uint16 (rises,): numbers at which the count of spikes rises by one, step after step."""
    begins: Array
    """int64 (T + 1,): where the rises of each step begin in ``trains``."""
    ranked: bool
    """Give numbers only to trains that a tile's inputs really fire: for large tables."""


class Inputs(NamedTuple):
    """The layer's active inputs, images one behind the other."""

    trains: Array
    """uint16 (n, all inputs): train of each active input."""
    columns: Array
    """int32 (n, all inputs): x * channels + channel of each active input."""
    begins: Array
    """int32 (n, pixels + 1): the active inputs of pixel p are begins[p] to begins[p + 1]."""


class TrainRoom(NamedTuple):
    """Working arrays of one call, written over for every tile."""

    sums: Array
    """float32, flat: one vector of 32 for each train (or rank): weights of its inputs."""
    later: Array
    """int32, flat: the same, summed over the train and all later ones of its table, in units."""
    currents: Array
    """float32, flat: one vector of 32 for each time step."""
    ranks: Array
    """uint16 (trains + 1,): how many of the trains before this one are present."""
    slots: Array
    """uint16 (all inputs,): rank of each active input's train."""
    rises: Array
    """uint16: ``Rises.trains``, as ranks if ranked."""
    limits: Array
    """int64: ``Rises.tables``, as ranks if ranked."""


@compiled
def tile_inputs(tiling: Tiling, tile: tuple[int, int]) -> tuple[int, int, int, int]:
    """First and last row (their first pixels), first and last column of a tile's inputs."""
    start = corner(tiling, tile, 0, 0)
    end = corner(tiling, tile, tiling.height.passes - 1, tiling.width.passes - 1)
    top, bottom = max(start[0], 0), min(end[0] + tiling.height.window, tiling.height.inputs)
    first = min(max(start[1], 0), tiling.width.inputs)
    last = max(first, min(end[1] + tiling.width.window, tiling.width.inputs))
    return top * tiling.width.inputs, bottom * tiling.width.inputs, first, last


@compiled
def rank(
    tiling: Tiling,
    tile: tuple[int, int],
    trains: Array,
    begins: Array,
    rises: Rises,
    room: TrainRoom,
) -> None:
    """Rank the trains that a tile's inputs fire; every table's unused last number counts as one."""
    top, bottom, first, last = tile_inputs(tiling, tile)
    room.ranks[:] = 0
    for table in range(1, len(rises.tables)):
        room.ranks[rises.tables[table] - 1] = 1
    for pixel in range(top, bottom, tiling.width.inputs):
        for entry in range(begins[pixel + first], begins[pixel + last]):
            room.ranks[trains[entry]] = 1
    number = 0
    for train in range(len(room.ranks)):
        present = int(room.ranks[train])
        room.ranks[train] = number
        number += present
    for pixel in range(top, bottom, tiling.width.inputs):
        for entry in range(begins[pixel + first], begins[pixel + last]):
            room.slots[entry] = room.ranks[trains[entry]]
    for place in range(len(rises.trains)):
        room.rises[place] = room.ranks[rises.trains[place]]
    for table in range(len(rises.tables)):
        room.limits[table] = room.ranks[rises.tables[table]]


@compiled
def unit_of(sums: Array, count: int) -> Any:
    """Unit (DoubleLanes) in which no current leaves 32 bits, whichever of the trains fire."""
    up, down = lanes.zeros(), lanes.zeros()
    for slot in range(count):
        weight = lanes.load(sums, slot * LANES)
        up = lanes.add(up, lanes.larger(weight, lanes.zeros()))
        down = lanes.add(down, lanes.larger(lanes.subtract(lanes.zeros(), weight), lanes.zeros()))
    # 2^31 is 2.147e9: room for the rounding of these sums and of every C
    largest = lanes.add(lanes.widen(lanes.larger(up, down)), lanes.spread(1e-30))
    return lanes.divide(largest, lanes.spread(2.1e9))


@compiled
def run_up(sums: Array, limits: Array, later: Array) -> Any:
    """Sum each train's weights with those of all later trains of its table; return the unit."""
    unit = unit_of(sums, limits[len(limits) - 1])
    factor = lanes.divide(lanes.spread(1.0), unit)
    for table in range(len(limits) - 1):
        total = lanes.wide_zeros()
        for slot in range(limits[table + 1] - 1, limits[table] - 1, -1):
            total = lanes.add(total, lanes.widen(lanes.load(sums, slot * LANES)))
            lanes.store(later, slot * LANES, lanes.whole(lanes.multiply(total, factor)))
    return unit


@compiled
def over_time(
    later: Array,
    unit: Any,
    rises: Array,
    begins: Array,
    currents: Array,
    fresh: bool,
) -> None:
    """Write the current of every step, or raise it to this pass' if a pass came before."""
    before = lanes.none()
    for step in range(len(begins) - 1):
        total = lanes.none()
        rising = rises[begins[step] : begins[step + 1]]
        for place in range(len(rising)):
            total = lanes.add(total, lanes.load(later, np.intp(rising[place]) * LANES))
        exact = lanes.multiply(lanes.widen(lanes.subtract(total, before)), unit)
        current = lanes.narrow(exact)
        if not fresh:
            current = lanes.larger(current, lanes.load(currents, step * LANES))
        lanes.store(currents, step * LANES, current)
        before = total


@compiled
def tile_currents(
    tiling: Tiling,
    tile: tuple[int, int],
    slots: Array,
    columns: Array,
    begins: Array,
    weights: Array,
    block: int,
    rises: Rises,
    room: TrainRoom,
) -> None:
    """Currents of 32 lanes of a tile, the largest over the passes."""
    inputs = tiling.height.window * tiling.width.window * tiling.channels
    fresh = True
    for down in range(tiling.height.passes):
        for right in range(tiling.width.passes):
            if inside(tiling, tile, down, right):
                start = corner(tiling, tile, down, right)
                clear(room.sums, room.limits[len(room.limits) - 1])
                base = block * inputs * LANES
                add_rows(room.sums, slots, columns, begins, tiling, start, weights, base)
                unit = run_up(room.sums, room.limits, room.later)
                over_time(room.later, unit, room.rises, rises.begins, room.currents, fresh)
                fresh = False


@compiled
def respond(
    inputs: Inputs,
    rises: Rises,
    tiling: Tiling,
    filters: Filters,
    room: TrainRoom,
    counts: Array,
    spikes: Array,
    doubts: Doubts,
) -> None:
    """Count every neuron's spikes, adding to counts int64 (n, neurons), and write the spikes.

    ``spikes``: uint8 (n, bytes of T steps * map * 32 blocks), or (n, 0) if no layer follows.
    """
    steps = len(rises.begins) - 1
    for image in range(len(counts)):
        trains, columns = inputs.trains[image], inputs.columns[image]
        begins = inputs.begins[image]
        slots = room.slots if rises.ranked else trains
        for y in range(tiling.height.tiles):
            for x in range(tiling.width.tiles):
                if rises.ranked:
                    rank(tiling, (y, x), trains, begins, rises, room)
                for block in range(tiling.blocks):
                    tile_currents(
                        tiling, (y, x), slots, columns, begins, filters.weights, block, rises, room
                    )
                    finish(
                        tiling,
                        (y, x),
                        block,
                        filters,
                        room.currents,
                        steps,
                        counts,
                        spikes,
                        image,
                        doubts,
                    )
