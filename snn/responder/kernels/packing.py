"""Spike trains packed into bits, eight steps a byte."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeatlas.snn.compiled import compiled

Array = np.ndarray[Any, Any]


@compiled
def pack(trains: Array, signed: bool, bits: Array) -> None:
    """Write spikes float32 (T, n, channels, pixels) to uint8 (n, bytes, pixels, channels): bit k of byte b is step 8b + k.

    If ``signed``, there are twice as many channels: first those of spikes above 0, then those below.
    """
    steps, _, channels, pixels = trains.shape
    up, down = np.empty(pixels, np.uint8), np.empty(pixels, np.uint8)
    for image in range(len(bits)):
        for byte in range(bits.shape[1]):
            rows = bits[image, byte]
            for channel in range(channels):
                up[:] = 0
                down[:] = 0
                for step in range(8 * byte, min(8 * byte + 8, steps)):
                    row = trains[step, image, channel]
                    set_bits_above(row, step & 7, up)
                    if signed:
                        set_bits_below(row, step & 7, down)
                for pixel in range(pixels):
                    rows[pixel, channel] = up[pixel]
                    if signed:
                        rows[pixel, channels + channel] = down[pixel]


@compiled
def set_bits_above(row: Array, bit: int, target: Array) -> None:
    """Set a bit of the bytes of the numbers above 0."""
    value = np.uint8(1 << bit)
    for pixel in range(len(row)):
        target[pixel] |= value if row[pixel] > np.float32(0) else np.uint8(0)


@compiled
def set_bits_below(row: Array, bit: int, target: Array) -> None:
    """Set a bit of the bytes of the numbers below 0."""
    value = np.uint8(1 << bit)
    for pixel in range(len(row)):
        target[pixel] |= value if row[pixel] < np.float32(0) else np.uint8(0)
