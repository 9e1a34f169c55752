"""Layer behind spikes of few channels: the sum of every pattern of a window's row and channel is kept ready.

At one time step the inputs of one row of a window, of one channel, fire in one of 2^columns patterns; where spikes have
signs, up and down, of 4^columns. What a pattern adds to the currents of 32 lanes stands in a table, so that a current is
the sum of one entry a row and channel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.responder.kernels import lanes
from spikeatlas.snn.responder.kernels.tiles import Doubts, Filters, corner, finish, inside
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling

Array = np.ndarray[Any, Any]
_ONE, _BYTE = np.uint64(1), np.uint64(255)


class WindowRoom(NamedTuple):
    """Working arrays of one call, written over for every image; time steps are filled up to whole bytes."""

    currents: Array
    """float32, flat: one vector of 32 for each time step, and one more."""
    rows: Array
    """uint64 (signs, channels, time steps): bit x of a row of the map, the padding before it included, fires."""
    codes: Array
    """uint8 (map rows, passes along the width, channels, time steps): pattern of a window's row."""


@compiled
def list_codes(spikes: Array, tiling: Tiling, room: WindowRoom) -> None:
    """Write the patterns of one image's spikes, uint8 (bytes, map * channels)."""
    size = tiling.width.inputs * tiling.channels
    mask = (_ONE << np.uint64(tiling.width.window)) - _ONE
    rows, signs = room.rows.reshape(len(room.rows), -1), len(room.rows)
    for y in range(tiling.height.inputs):
        _pack_row(spikes[:, y * size : (y + 1) * size], tiling, room)
        for tile in range(tiling.width.tiles):
            for right in range(tiling.width.passes):
                shift = np.uint64(tile * tiling.width.step + right * tiling.width.pass_step)
                codes = room.codes[y, tile * tiling.width.passes + right].reshape(-1)
                for place in range(len(codes)):
                    codes[place] = np.uint8((rows[0, place] >> shift) & mask)
                if signs > 1:
                    above = np.uint64(tiling.width.window)
                    for place in range(len(codes)):
                        codes[place] |= np.uint8(((rows[1, place] >> shift) & mask) << above)


@compiled
def _pack_row(spikes: Array, tiling: Tiling, room: WindowRoom) -> None:
    """Write a row of the map, its spikes uint8 (bytes, columns * channels), as bits."""
    rows, columns = room.rows.reshape(tiling.channels, -1), tiling.width.inputs
    rows[:] = np.uint64(0)
    for group in range(len(spikes)):
        for x in range(0, columns, 8):
            place = np.uint64(x - tiling.width.origin)
            for channel in range(tiling.channels):
                square = np.uint64(0)
                for column in range(x, min(x + 8, columns)):
                    byte = np.uint64(spikes[group, column * tiling.channels + channel])
                    square |= byte << np.uint64(8 * (column - x))
                square = _transposed(square)
                row = rows[channel, 8 * group : 8 * group + 8]
                for step in range(8):
                    row[step] |= ((square >> np.uint64(8 * step)) & _BYTE) << place


@compiled
def _transposed(square: Any) -> Any:
    """Swap rows and columns of 8x8 bits, one byte a row: in squares of 2, then of 4, then of 8."""
    change = (square ^ (square >> np.uint64(7))) & np.uint64(0x00AA00AA00AA00AA)
    square ^= change ^ (change << np.uint64(7))
    change = (square ^ (square >> np.uint64(14))) & np.uint64(0x0000CCCC0000CCCC)
    square ^= change ^ (change << np.uint64(14))
    change = (square ^ (square >> np.uint64(28))) & np.uint64(0x00000000F0F0F0F0)
    return square ^ change ^ (change << np.uint64(28))


@compiled
def tile_currents(
    tiling: Tiling, tile: tuple[int, int], tables: Array, base: int, size: int, room: WindowRoom
) -> None:
    """Currents of 32 lanes of a tile, the largest over the passes; ``size``: patterns of a row and channel."""
    fresh = True
    for down in range(tiling.height.passes):
        for right in range(tiling.width.passes):
            if inside(tiling, tile, down, right):
                top = corner(tiling, tile, down, right)[0]
                first = max(-top, 0)
                last = min(tiling.height.window, tiling.height.inputs - top)
                column = tile[1] * tiling.width.passes + right
                codes = room.codes[top + first : top + last, column]
                start = base + first * codes.shape[1] * size
                for step in range(0, room.codes.shape[3], 4):
                    _add_entries(codes, step, tables, start, size, room.currents, fresh)
                fresh = False


@compiled
def _add_entries(
    codes: Array, step: int, tables: Array, base: int, size: int, currents: Array, fresh: bool
) -> None:
    """Sum the entries of four time steps side by side, so that no sum waits for the last one."""
    one = lanes.zeros()
    two, three, four = one, one, one
    start = base
    for row in range(codes.shape[0]):
        for channel in range(codes.shape[1]):
            code = codes[row, channel]
            one = lanes.add(one, lanes.load(tables, (start + code[step]) * LANES))
            two = lanes.add(two, lanes.load(tables, (start + code[step + 1]) * LANES))
            three = lanes.add(three, lanes.load(tables, (start + code[step + 2]) * LANES))
            four = lanes.add(four, lanes.load(tables, (start + code[step + 3]) * LANES))
            start += size
    _keep(currents, step, one, fresh)
    _keep(currents, step + 1, two, fresh)
    _keep(currents, step + 2, three, fresh)
    _keep(currents, step + 3, four, fresh)


@compiled
def _keep(currents: Array, step: int, total: Any, fresh: bool) -> None:
    """Write a step's currents, or raise them to this pass' if a pass came before."""
    if not fresh:
        total = lanes.larger(total, lanes.load(currents, step * LANES))
    lanes.store(currents, step * LANES, total)


@compiled
def respond(
    spikes: Array,
    steps: int,
    tiling: Tiling,
    filters: Filters,
    tables: Array,
    room: WindowRoom,
    counts: Array,
    out: Array,
    doubts: Doubts,
) -> None:
    """Count every neuron's spikes and write them: see ``patterns.respond``.

    ``tables``: float32, flat (blocks, window rows, channels, patterns, 32).
    """
    size = 1 << (tiling.width.window * len(room.rows))
    block_size = tiling.height.window * room.codes.shape[2] * size
    for image in range(len(counts)):
        list_codes(spikes[image], tiling, room)
        for y in range(tiling.height.tiles):
            for x in range(tiling.width.tiles):
                for block in range(tiling.blocks):
                    base = block * block_size
                    tile_currents(tiling, (y, x), tables, base, size, room)
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
