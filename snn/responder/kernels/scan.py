"""Leaky neurons stepped through time one by one; all other rules: ``neurons.rules.channel_scan``."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeatlas.snn.compiled import compiled

Array = np.ndarray[Any, Any]
# float32 and bool, as numpy has them
Float = Any
Truth = Any


@compiled
def advance(
    membrane: Float, spike: Truth, current: Float, beta: Float, threshold: Float, zero: Truth
) -> Float:
    """Return the membrane one step later, rounded as snnTorch rounds it; ``spike``: of the last step."""
    if zero:
        return beta * (np.float32(0) if spike else membrane) + current
    return (beta * membrane + current) - (threshold if spike else np.float32(0))


@compiled
def respond(
    currents: Array,
    beta: Array,
    threshold: Array,
    zero: bool,
    steps: int,
    counts: Array,
    spikes: Array,
    writing: bool,
) -> None:
    """Count the spikes of all neurons, and write them if ``writing``.

    ``currents``: float32 (T, n, pixels, channels), or (1, n, pixels, channels) if constant; ``beta``
    and ``threshold`` float32 (channels,). ``counts``: int64 (n, channels), added to. ``spikes``:
    zeros uint8 (n, bytes, pixels, channels).
    """
    channels = currents.shape[3]
    membrane, fired = np.empty(channels, np.float32), np.empty(channels, np.bool_)
    for image in range(currents.shape[1]):
        for pixel in range(currents.shape[2]):
            membrane[:] = 0
            fired[:] = False
            for step in range(steps):
                current = currents[step if len(currents) > 1 else 0, image, pixel]
                for channel in range(channels):
                    level = threshold[channel]
                    value = advance(
                        membrane[channel],
                        fired[channel],
                        current[channel],
                        beta[channel],
                        level,
                        zero,
                    )
                    membrane[channel] = value
                    fired[channel] = value - level > np.float32(0)
                    counts[image, channel] += fired[channel]
                if writing:
                    row = spikes[image, step >> 3, pixel]
                    for channel in range(channels):
                        row[channel] |= np.uint8(fired[channel]) << (step & 7)
