"""Neurons of any rule whose values are their channel's, over all time steps: currents in, spikes in bits out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.neurons.rules.rule_scan import (
    charge_all,
    delayed_step,
    fire,
    gather,
    lane_values,
)

Array = np.ndarray[Any, Any]
_WIDTH = 1024
"""Neurons that are stepped together, about: all that they need stays in the nearest cache."""


class Channels(NamedTuple):
    """Neurons of a layer's channels, and the normalisation before them."""

    codes: Array
    """int64 (6,): see ``rule_run.rule_codes``."""
    values: Array
    """float32 (8, channels): see ``rule_run.rule_values``."""
    scale: Array
    """float32 (s, channels): factors of the currents of each step (s = T), of all steps (s = 1), or none (s = 0)."""
    shift: Array
    """float32 (s, channels): what is added then."""


@compiled
def scan_channels(
    currents: Array,
    rest: Array,
    neurons: Channels,
    steps: int,
    counts: Array,
    spikes: Array,
) -> None:
    """Add the spikes of all neurons to counts int64 (n, channels), and write them as bits.

    ``currents``: float32 (T, n * pixels * channels), or (1, n * pixels * channels): the same at every step, or, if there
    is a ``rest`` float32 (1, channels) and not (0, channels), at the first step, and the rest at all others. ``spikes``:
    uint8 (bytes, n * pixels * channels), or (0, 0) if they are not wanted; bit k of byte b is step 8b + k.
    """
    channels = neurons.values.shape[1]
    width = max(1, _WIDTH // channels) * channels
    values, behind = tiled(neurons.values, width), tiled(rest, width)
    scale, shift = tiled(neurons.scale, width), tiled(neurons.shift, width)
    changing = len(currents) > 1 or neurons.codes[5] > 0 or len(scale) > 1 or len(rest) > 0
    current, v = np.empty(width, np.float32), np.empty(width, np.float32)
    spike, total = np.empty(width, np.float32), np.empty(width, np.float32)
    before, synaptic = np.empty(width, np.float32), np.empty(width, np.float32)
    byte = np.zeros(width, np.float32)
    for start in range(0, currents.shape[1], width):
        stop = min(start + width, currents.shape[1])
        lanes = lane_values(neurons.codes, values, 0, stop - start)
        v[: stop - start] = lanes[5]
        total[:] = 0
        synaptic[:] = 0
        for step in range(steps):
            if step == 0 or changing:
                if step > 0 and len(rest) > 0:
                    normalise(behind[0][: stop - start], scale, shift, step, current)
                else:
                    row = currents[step if len(currents) > 1 else 0][start:stop]
                    normalise(row, scale, shift, step, current)
                if neurons.codes[5] > 0:
                    gather(lanes[7], current, synaptic)
            if neurons.codes[3] > 0:
                delayed_step(neurons.codes, lanes, current, v, before, spike, total)
            else:
                charge_all(neurons.codes[0], lanes, current, v)
                fire(neurons.codes, lanes, v, spike, total)
            if len(spikes) > 0:
                set_bits(spike, step & 7, byte)
                if step & 7 == 7 or step == steps - 1:
                    write(byte, spikes[step >> 3, start:stop])
        add_up(total[: stop - start], start // channels, currents.shape[1] // channels, counts)


@compiled
def tiled(rows: Array, width: int) -> Array:
    """Repeat rows (k, channels) up to (k, width)."""
    result = np.empty((len(rows), width), np.float32)
    for row in range(len(rows)):
        for place in range(width):
            result[row, place] = rows[row, place % rows.shape[1]]
    return result


@compiled
def normalise(row: Array, scale: Array, shift: Array, step: int, current: Array) -> None:
    """Write a row of inputs, normalised if there is a norm, to ``current``: two roundings, as ``norms.scaled`` has."""
    if len(scale) > 0:
        factor, offset = scale[step if len(scale) > 1 else 0], shift[step if len(scale) > 1 else 0]
        for i in range(len(row)):
            current[i] = row[i] * factor[i] + offset[i]
    else:
        for i in range(len(row)):
            current[i] = row[i]


@compiled
def set_bits(spike: Array, bit: int, byte: Array) -> None:
    """Set a bit of the bytes, synaptic as float32, of neurons that fire."""
    value = np.float32(1 << bit)
    for i in range(len(byte)):
        byte[i] += spike[i] * value


@compiled
def write(byte: Array, row: Array) -> None:
    """Write bytes, and begin new ones."""
    for i in range(len(row)):
        row[i] = np.uint8(np.int32(byte[i]))
    byte[:] = 0


@compiled
def add_up(total: Array, first: int, pixels: int, counts: Array) -> None:
    """Add the spikes of some pixels, from ``first`` on of the ``pixels`` of all images, to their channels' counts."""
    channels, images = counts.shape[1], counts.shape[0]
    for place in range(len(total) // channels):
        image = (first + place) // (pixels // images)
        row = counts[image]
        for channel in range(channels):
            row[channel] += np.int64(total[place * channels + channel])
