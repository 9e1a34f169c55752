"""First layer under constant currents: the one of its few spike trains that every neuron fires."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.responder.kernels.tiling import Axis

Array = np.ndarray[Any, Any]


class Finder(NamedTuple):
    """Finds the train of a current: a first guess by its size, then a short walk.

    Tables stand one behind the other; train numbers run through all of them.
    """

    edges: Array
    """float32: smallest current of each train; NaN behind the last one of a table."""
    guesses: Array
    """uint16: a train at or shortly before the one of any current in a bucket."""
    first: Array
    """int64 (channels,): number of the channel's silent train."""
    bucket: Array
    """int64 (channels,): where the channel's buckets begin in ``guesses``."""
    low: Array
    """float32 (channels,): current at which the channel's buckets begin."""
    density: Array
    """float32 (channels,): buckets per unit of current."""
    top: Array
    """float32 (channels,): the channel's last bucket."""
    fires: Array
    """int64: spikes of each train."""
    scale: Array
    """float32 (channels,): factors of the currents before they are looked up; (0,) if there are none."""
    shift: Array
    """float32 (channels,) or (0,): what is added then."""


@compiled
def pool(currents: Array, down: Axis, right: Axis, y: int, x: int, best: Array) -> None:
    """Largest current (channels,) in a pool's window; currents are one image's (h, w, channels)."""
    best[:] = -np.inf
    for row in range(down.first + y * down.lead, down.first + y * down.lead + down.passes):
        for col in range(right.first + x * right.lead, right.first + x * right.lead + right.passes):
            if 0 <= row < down.positions and 0 <= col < right.positions:
                values = currents[row, col]
                for channel in range(len(best)):
                    value = values[channel]
                    best[channel] = value if value > best[channel] else best[channel]  # noqa: FURB136


@compiled
def guess(best: Array, finder: Finder, buckets: Array) -> None:
    """Bucket of every channel's current."""
    for channel in range(len(best)):
        place = (best[channel] - finder.low[channel]) * finder.density[channel]
        place = place if place > np.float32(0) else np.float32(0)  # noqa: FURB136
        place = place if place < finder.top[channel] else finder.top[channel]  # noqa: FURB136
        buckets[channel] = finder.bucket[channel] + np.int64(place)


@compiled
def train_of(current: Any, guessed: Any, finder: Finder) -> Any:
    """Number of a current's train, walking on from the guess; NaN is silent."""
    train = np.intp(guessed)
    while finder.edges[train + 1] <= current:
        train += 1
    return train


@compiled
def find_trains(
    currents: Array,
    down: Axis,
    right: Axis,
    finder: Finder,
    trains: Array,
    columns: Array,
    begins: Array,
    counts: Array,
    counting: bool,
) -> None:
    """List the active neurons of images; if ``counting``, add their spikes to counts.

    ``currents``: float32 (n, h, w, channels) before the pool. ``trains`` uint16 and ``columns``
    int32 (n, all neurons + 1), ``begins`` int32 (n, pixels + 1): see ``factorised.Inputs``.
    ``counts``: int64 (n, channels).
    """
    channels = currents.shape[3]
    best, buckets = np.empty(channels, np.float32), np.empty(channels, np.int64)
    for image in range(len(counts)):
        count = 0
        for y in range(down.outputs):
            for x in range(right.outputs):
                begins[image, y * right.outputs + x] = count
                pool(currents[image], down, right, y, x, best)
                if len(finder.scale) > 0:
                    for channel in range(channels):
                        scaled = best[channel] * finder.scale[channel]
                        best[channel] = scaled + finder.shift[channel]
                guess(best, finder, buckets)
                for channel in range(channels):
                    guessed = finder.guesses[buckets[channel]]
                    train = train_of(best[channel], guessed, finder)
                    trains[image, count] = train
                    columns[image, count] = x * channels + channel
                    count += 1 if train > finder.first[channel] else 0
                    if counting:
                        counts[image, channel] += finder.fires[train]
        begins[image, down.outputs * right.outputs] = count
