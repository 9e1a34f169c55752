"""Steps of 32 neurons of any rule, from their currents to their spikes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.responder.kernels import lanes
from spikeatlas.snn.responder.kernels.tiling import LANES

Array = np.ndarray[Any, Any]


class Cells(NamedTuple):
    """Neurons of the lanes and the normalisation before them; float32 arrays are flat, 32 entries a block, row by row."""

    codes: Array
    """int64 (6,): charge, compare, change, when, drop and synapse, as ``neurons.rules.rule_run.rule_codes`` has them."""
    values: Array
    """8 rows: a, b, c, theta, v_reset, start, drop and synapse."""
    scale: Array
    """Factors of the currents: a row for each step, one row for all, or none."""
    shift: Array
    """Rows of what is added then."""
    norms: int
    """Rows of ``scale``: T, 1 or 0."""
    plain: bool
    """Leaky neurons of ``tiles.fire``, without a normalisation."""


@compiled
def charged(  # noqa: PLR0911 - a row for each order of operations
    charge: int, a: Any, b: Any, c: Any, membrane: Any, current: Any
) -> Any:
    """Membranes (FloatLanes) charged by currents, in the order of operations that the code says."""
    if charge == 0:
        return lanes.add(lanes.multiply(a, membrane), current)
    if charge == 5:
        return lanes.add(membrane, current)
    if charge == 9:
        return lanes.add(lanes.multiply(a, membrane), lanes.multiply(b, current))
    if charge == 8:
        return lanes.add(membrane, lanes.multiply(b, current))
    if charge == 6:
        rise = lanes.multiply(a, lanes.subtract(lanes.add(current, c), membrane))
        return lanes.add(membrane, rise)
    leak = lanes.subtract(membrane, c)
    if charge == 1:
        return lanes.add(membrane, lanes.divide(lanes.subtract(current, leak), b))
    if charge == 2:
        return lanes.add(lanes.subtract(membrane, lanes.divide(leak, b)), current)
    if charge == 3:
        return lanes.add(membrane, lanes.multiply(lanes.subtract(current, leak), b))
    if charge == 4:
        return lanes.add(lanes.subtract(membrane, lanes.multiply(leak, b)), current)
    rise = lanes.add(lanes.subtract(c, membrane), lanes.multiply(b, current))
    return lanes.add(membrane, lanes.multiply(a, rise))


@compiled
def fire_rule(
    currents: Array,
    bias: Any,
    cells: Cells,
    at: int,
    steps: int,
    fired: Array,
    gaps: Array,
    out: Array,
    place: int,
) -> None:
    """Do what ``tiles.fire`` does, for neurons of any rule but resets without delay; ``at``: first of the lanes."""
    size = len(cells.values) // 8
    a, b = lanes.load(cells.values, at), lanes.load(cells.values, size + at)
    c, theta = lanes.load(cells.values, 2 * size + at), lanes.load(cells.values, 3 * size + at)
    rest, membrane = (
        lanes.load(cells.values, 4 * size + at),
        lanes.load(cells.values, 5 * size + at),
    )
    drop, share = lanes.load(cells.values, 6 * size + at), lanes.load(cells.values, 7 * size + at)
    charge, reached, change = cells.codes[0], cells.codes[1] > 0, cells.codes[2]
    delayed, synapse = cells.codes[3] > 0, cells.codes[5] > 0
    still, synaptic = lanes.zeros(), lanes.zeros()
    count, byte, gap = lanes.none(), lanes.none(), lanes.spread(np.float32(-1e30))
    stride = len(out) // ((steps + 7) // 8)
    for step in range(steps):
        current = lanes.add(lanes.load(currents, step * LANES), bias)
        if cells.norms > 0:
            row = (step if cells.norms > 1 else 0) * size + at
            current = lanes.multiply(current, lanes.load(cells.scale, row))
            current = lanes.add(current, lanes.load(cells.shift, row))
        if synapse:
            synaptic = lanes.add(lanes.multiply(share, synaptic), current)
            current = synaptic
        before = lanes.above(membrane, theta)
        if delayed and change == 2:
            membrane = lanes.choose(before, rest, membrane)
        membrane = charged(charge, a, b, c, membrane, current)
        if delayed and change == 1:
            membrane = lanes.subtract(membrane, lanes.choose(before, drop, still))
        spikes = lanes.reaches(membrane, theta) if reached else lanes.above(membrane, theta)
        distance = lanes.subtract(membrane, theta)
        size_of_gap = lanes.larger(distance, lanes.subtract(still, distance))
        gap = lanes.larger(gap, lanes.subtract(still, size_of_gap))
        if not delayed and change == 1:
            membrane = lanes.choose(spikes, lanes.subtract(membrane, drop), membrane)
        if not delayed and change == 2:
            membrane = lanes.choose(spikes, rest, membrane)
        count = lanes.add(count, lanes.bits(spikes, 0))
        byte = lanes.unite(byte, lanes.bits(spikes, step & 7))
        if stride > 0 and (step & 7 == 7 or step == steps - 1):
            lanes.store_bytes(out, place + (step >> 3) * stride, byte)
            byte = lanes.none()
    lanes.store(fired, 0, count)
    lanes.store(gaps, 0, gap)
