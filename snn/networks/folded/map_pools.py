"""Pools of 2x2 over maps, compiled: torch's own values and gradients, bit for bit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.compiled import compiled

Maps = npt.NDArray[np.float32]
"""(frames, channels, height, width)."""
Places = npt.NDArray[np.uint8]
"""Of the largest in each 2x2, 0 to 3 row by row."""


@compiled
def average_maps(maps: Maps, result: Maps) -> None:
    """Write the mean of every 2x2 to ``result``, summed row by row as torch does; an odd last row or column falls away."""
    frames, channels, height, width = result.shape
    quarter = np.float32(0.25)
    for frame in range(frames):
        for channel in range(channels):
            for row in range(height):
                upper = maps[frame, channel, 2 * row]
                lower = maps[frame, channel, 2 * row + 1]
                pooled = result[frame, channel, row]
                for i in range(width):
                    pair = upper[2 * i] + upper[2 * i + 1]
                    pooled[i] = ((pair + lower[2 * i]) + lower[2 * i + 1]) * quarter


@compiled
def largest_of_maps(maps: Maps, result: Maps, places: Places) -> None:
    """Write the largest of every 2x2 to ``result``, and which it is, the first of equal ones, to ``places``."""
    frames, channels, height, width = result.shape
    for frame in range(frames):
        for channel in range(channels):
            for row in range(height):
                upper = maps[frame, channel, 2 * row]
                lower = maps[frame, channel, 2 * row + 1]
                pooled, place = result[frame, channel, row], places[frame, channel, row]
                for i in range(width):
                    # what is no number counts as the largest, the last of several
                    best, where = upper[2 * i], np.uint8(0)
                    value = upper[2 * i + 1]
                    later = value > best or np.isnan(value)
                    best, where = (value if later else best), (np.uint8(1) if later else where)
                    value = lower[2 * i]
                    later = value > best or np.isnan(value)
                    best, where = (value if later else best), (np.uint8(2) if later else where)
                    value = lower[2 * i + 1]
                    later = value > best or np.isnan(value)
                    pooled[i] = value if later else best
                    place[i] = np.uint8(3) if later else where


@compiled
def spread_to_largest(gradients: Maps, places: Places, result: Maps) -> None:
    """Write each gradient of a maximum where that came from, and 0 elsewhere: the gradient of the maps."""
    frames, channels, height, width = gradients.shape
    for frame in range(frames):
        for channel in range(channels):
            result[frame, channel] = 0
            for row in range(height):
                rows = result[frame, channel, 2 * row : 2 * row + 2]
                arriving, place = gradients[frame, channel, row], places[frame, channel, row]
                for i in range(width):
                    rows[place[i] >> 1, 2 * i + (place[i] & 1)] = arriving[i]
