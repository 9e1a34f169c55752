"""Neurons of any rule over all time steps, in one compiled pass with what stands right before them.

That is at most a batch normalisation, as one fused multiply-add for every number, and a second input that is added,
normalised too or not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.neurons.rules.float_operations import fused, quotient

Array = np.ndarray[Any, Any]

_LANES = 1024
"""Neurons that are stepped together: long rows of memory, and their states stay in the nearest caches."""


@compiled
def affine(values: Array, scale: Array, shift: Array, result: Array) -> None:
    """Write values (n, f) scaled and shifted (f,) in one rounding to ``result``."""
    for row in range(len(values)):
        source, target = values[row], result[row]
        for i in range(len(source)):
            target[i] = fused(source[i], scale[i], shift[i])


@compiled
def scan(
    currents: Array,
    norm: Array,
    others: Array,
    other_norm: Array,
    codes: Array,
    values: Array,
    steps: int,
    spikes: Array,
    counts: Array,
) -> None:
    """Spikes (T, n, f) and counts (n, f) of currents (T, n, f), or (1, n, f) if constant; all float32.

    ``norm``: (2, f) scale and shift of the currents, or (2, 0). ``others``: a second input like the currents, with its
    ``other_norm``, or (0, 0, 0). ``codes`` and ``values`` (8, f): see ``rule_run``.
    ``spikes``, ``counts``: written, or left where empty.
    """
    features = currents.shape[2]
    synapse = codes[5] > 0
    constant = len(currents) == 1 and len(others) <= 1 and not synapse
    current, v = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    spike, total = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    before, synaptic = np.zeros(_LANES, np.float32), np.empty(_LANES, np.float32)
    for image in range(currents.shape[1]):
        for start in range(0, features, _LANES):
            stop = min(start + _LANES, features)
            width = stop - start
            lanes = lane_values(codes, values, start, stop)
            v[:width] = lanes[5]
            total[:width] = 0
            synaptic[:width] = 0
            for step in range(steps):
                if step == 0 or not constant:
                    row = currents[step if len(currents) > 1 else 0, image, start:stop]
                    _take(row, norm, start, current)
                    if len(others) > 0:
                        row = others[step if len(others) > 1 else 0, image, start:stop]
                        _add(row, other_norm, start, current)
                    if synapse:
                        gather(lanes[7], current, synaptic)
                target = spikes[step, image, start:stop] if len(spikes) > 0 else spike
                if codes[3] > 0:
                    delayed_step(codes, lanes, current, v, before, target, total)
                else:
                    charge_all(codes[0], lanes, current, v)
                    fire(codes, lanes, v, target, total)
            if len(counts) > 0:
                counts[image, start:stop] = total[:width]


@compiled
def lane_values(codes: Array, values: Array, start: int, stop: int) -> Any:
    """Return the rows of some neurons' values, each one piece of memory, so that loops over them become vectors."""
    return (
        values[0][start:stop],
        values[1][start:stop],
        values[2][start:stop],
        values[3][start:stop],
        values[4][start:stop],
        values[5][start:stop],
        # the same memory where they are the same: the caches are small
        values[6 if codes[4] > 0 else 3][start:stop],
        values[7][start:stop],
    )


@compiled
def gather(synapse: Array, current: Array, synaptic: Array) -> None:
    """Replace currents by the synaptic currents that they add to; ``synaptic``: those of the step before."""
    for i in range(len(synapse)):
        synaptic[i] = synapse[i] * synaptic[i] + current[i]
        current[i] = synaptic[i]


@compiled
def _take(row: Array, norm: Array, start: int, current: Array) -> None:
    """Write a row of inputs, normalised if there is a norm, to ``current``."""
    if norm.shape[1] > 0:
        scale, shift = norm[0][start:], norm[1][start:]
        for i in range(len(row)):
            current[i] = fused(row[i], scale[i], shift[i])
    else:
        for i in range(len(row)):
            current[i] = row[i]


@compiled
def _add(row: Array, norm: Array, start: int, current: Array) -> None:
    """Add a row of inputs, normalised if there is a norm, to ``current``."""
    if norm.shape[1] > 0:
        scale, shift = norm[0][start:], norm[1][start:]
        for i in range(len(row)):
            current[i] += fused(row[i], scale[i], shift[i])
    else:
        for i in range(len(row)):
            current[i] += row[i]


@compiled
def fire(codes: Array, lanes: Any, v: Array, spike: Array, total: Array) -> None:
    """Write the spikes of charged neurons, add them to the total, and reset the states in the same step."""
    theta, v_reset, drop = lanes[3], lanes[4], lanes[6]
    reached, subtract, value = codes[1] > 0, codes[2] == 1, codes[2] == 2
    for i in range(len(theta)):
        state, level, rest = v[i], theta[i], v_reset[i]
        less = state - drop[i]
        fires = state >= level if reached else state > level
        after = rest if value else (less if subtract else state)
        v[i] = after if fires else state
        one = np.float32(1) if fires else np.float32(0)
        spike[i] = one
        total[i] += one


@compiled
def delayed_step(
    codes: Array, lanes: Any, current: Array, v: Array, before: Array, spike: Array, total: Array
) -> None:
    """Do one step whose resets come with the next one, or with both."""
    theta = lanes[3]
    width = len(theta)
    if codes[3] == 2:
        for i in range(width):
            before[i] = np.float32(1) if v[i] > theta[i] else np.float32(0)
    _delayed(codes[2], lanes, current, v)
    for i in range(width):
        one = np.float32(1) if v[i] > theta[i] else np.float32(0)
        spike[i] = one
        total[i] += one
    if codes[3] == 2:
        _undelayed(codes[2], lanes[6], v, before, spike)


@compiled
def charge_all(  # noqa: C901, PLR0912 - a row for each order of operations
    charge: int, lanes: Any, current: Array, v: Array
) -> None:
    """Charge the states, in the order that the code says."""
    a, b, c = lanes[0], lanes[1], lanes[2]
    width = len(a)
    if charge == 0:
        for i in range(width):
            v[i] = a[i] * v[i] + current[i]
    elif charge == 1:
        for i in range(width):
            v[i] = v[i] + quotient(current[i] - (v[i] - c[i]), b[i])
    elif charge == 2:
        for i in range(width):
            v[i] = (v[i] - quotient(v[i] - c[i], b[i])) + current[i]
    elif charge == 3:
        for i in range(width):
            v[i] = v[i] + (current[i] - (v[i] - c[i])) * b[i]
    elif charge == 4:
        for i in range(width):
            v[i] = (v[i] - (v[i] - c[i]) * b[i]) + current[i]
    elif charge == 5:
        for i in range(width):
            v[i] = v[i] + current[i]
    elif charge == 6:
        for i in range(width):
            v[i] = v[i] + a[i] * ((current[i] + c[i]) - v[i])
    elif charge == 7:
        for i in range(width):
            v[i] = v[i] + a[i] * ((c[i] - v[i]) + b[i] * current[i])
    elif charge == 8:
        for i in range(width):
            v[i] = v[i] + b[i] * current[i]
    else:
        for i in range(width):
            v[i] = a[i] * v[i] + b[i] * current[i]


@compiled
def _delayed(change: int, lanes: Any, current: Array, v: Array) -> None:
    """Reset the states of neurons that fired in the step before, and charge all."""
    a, theta, v_reset, drop = lanes[0], lanes[3], lanes[4], lanes[6]
    if change == 1:
        for i in range(len(a)):
            state, less = v[i], drop[i]
            less = less if state > theta[i] else np.float32(0)
            v[i] = (a[i] * state + current[i]) - less
    elif change == 2:
        for i in range(len(a)):
            state, rest = v[i], v_reset[i]
            state = rest if state > theta[i] else state
            v[i] = a[i] * state + current[i]
    else:
        for i in range(len(a)):
            v[i] = a[i] * v[i] + current[i]


@compiled
def _undelayed(change: int, drop: Array, v: Array, before: Array, spike: Array) -> None:
    """Reset in the spike's own step what the charge did not reset already."""
    if change == 1:
        for i in range(len(drop)):
            v[i] = v[i] - (spike[i] - before[i]) * drop[i]
    elif change == 2:
        for i in range(len(drop)):
            v[i] = v[i] - (spike[i] - before[i]) * v[i]
