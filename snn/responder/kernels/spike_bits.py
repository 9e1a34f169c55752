"""Spikes packed into bits, eight steps a byte, and unpacked."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeatlas.snn.compiled import compiled

Array = np.ndarray[Any, Any]


@compiled
def pack(numbers: Array, limits: Array, signs: Array, bits: Array) -> None:
    """Write one image's spikes to uint8 (bytes, pixels, channels): bit k of byte b is step 8b + k.

    A spike is a number uint32 (T, channels, pixels) below its limit (channels, pixels). With ``signs`` float32 (channels,
    pixels), and not (0, 0), there are twice as many channels: first those of spikes up, then those of spikes down.
    """
    steps, channels, pixels = numbers.shape
    byte = np.empty(pixels, np.uint8)
    for group in range(len(bits)):
        rows = bits[group]
        for channel in range(channels):
            byte[:] = 0
            for step in range(8 * group, min(8 * group + 8, steps)):
                compare(numbers[step, channel], limits[channel], step & 7, byte)
            if len(signs) > 0:
                part(byte, signs[channel], rows, channel, channels)
            else:
                for pixel in range(pixels):
                    rows[pixel, channel] = byte[pixel]


@compiled
def compare(numbers: Array, limits: Array, bit: int, byte: Array) -> None:
    """Set a bit of the bytes where a number is below its limit."""
    value = np.uint8(1 << bit)
    for pixel in range(len(byte)):
        byte[pixel] |= value if numbers[pixel] < limits[pixel] else np.uint8(0)


@compiled
def part(byte: Array, signs: Array, rows: Array, channel: int, channels: int) -> None:
    """Deal bytes out to the map of spikes up and that of spikes down."""
    none = np.uint8(0)
    for pixel in range(len(byte)):
        rows[pixel, channel] = byte[pixel] if signs[pixel] > np.float32(0) else none
        rows[pixel, channels + channel] = byte[pixel] if signs[pixel] < np.float32(0) else none


@compiled
def unpack(bits: Array, height: Any, signed: bool, frames: Array) -> None:
    """Write spikes of a height to float32 (T, n, pixels, channels), of bits (n, bytes, pixels, stored channels).

    If ``signed``, the first half of the stored channels fires up, the second down.
    """
    steps, _, pixels, channels = frames.shape
    for image in range(len(bits)):
        for step in range(steps):
            rows, target = bits[image, step >> 3], frames[step, image]
            for pixel in range(pixels):
                spread(rows[pixel][:channels], step & 7, height, target[pixel])
                if signed:
                    take(rows[pixel][channels:], step & 7, height, target[pixel])


@compiled
def spread(byte: Array, bit: int, height: Any, row: Array) -> None:
    """Write the height where a bit is set, 0 elsewhere."""
    value = np.uint8(1 << bit)
    for channel in range(len(row)):
        row[channel] = height if byte[channel] & value else np.float32(0)


@compiled
def take(byte: Array, bit: int, height: Any, row: Array) -> None:
    """Take the height away where a bit is set."""
    value = np.uint8(1 << bit)
    for channel in range(len(row)):
        row[channel] -= height if byte[channel] & value else np.float32(0)
