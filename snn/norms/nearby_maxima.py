"""The largest of the 3x3 around each position of maps, compiled: torch's own values and gradients, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.compiled import compiled

_SIDE = 3
_Maps = npt.NDArray[np.float32]
_Places = npt.NDArray[np.uint8]


def nearby_maxima(maps: Tensor) -> Tensor:
    """Return the largest number of the 3x3 around each position of maps (n, channels, h, w) without NaN.

    torch's pool, whose maps are contiguous by channel, takes about 30 times as long forward.
    """
    plain = maps.device.type == "cpu" and maps.dtype == torch.float32
    if not plain or torch.compiler.is_compiling():
        return functional.max_pool2d(maps, _SIDE, 1, _SIDE // 2)
    maxima: Tensor = _NearbyMaxima.apply(maps)
    return maxima


class _NearbyMaxima(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        result = torch.empty(maps.shape)
        places = torch.empty(maps.shape, dtype=torch.uint8)
        _find(_flat(maps), _flat(result), _flat(places))
        ctx.save_for_backward(places)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (places,) = ctx.saved_tensors
        result = torch.zeros(places.shape)
        _spread(_flat(gradients[0]), _flat(places), _flat(result))
        return result


def _flat(maps: Tensor) -> npt.NDArray[Any]:
    """Maps (n channels, h, w)."""
    flat: npt.NDArray[Any] = maps.contiguous().flatten(0, 1).numpy()
    return flat


@compiled
def _find(maps: _Maps, result: _Maps, places: _Places) -> None:
    """Write the largest of each 3x3, and its place, 0 to 8 row by row, the first of equal ones: rows first, then columns."""
    count, height, width = maps.shape
    padded = np.full(width + 2, -np.inf, np.float32)
    rows = np.full((height + 2, width), -np.inf, np.float32)
    columns = np.zeros((height + 2, width), np.uint8)
    for number in range(count):
        for y in range(height):
            padded[1:-1] = maps[number, y]
            row, column = rows[y + 1], columns[y + 1]
            for x in range(width):
                later = padded[x + 1] > padded[x]
                best = padded[x + 1] if later else padded[x]
                where = np.uint8(1) if later else np.uint8(0)
                last = padded[x + 2] > best
                row[x] = padded[x + 2] if last else best
                column[x] = np.uint8(2) if last else where
        for y in range(height):
            largest, place = result[number, y], places[number, y]
            for x in range(width):
                later = rows[y + 1, x] > rows[y, x]
                best = rows[y + 1, x] if later else rows[y, x]
                where = columns[y + 1, x] + np.uint8(3) if later else columns[y, x]
                last = rows[y + 2, x] > best
                largest[x] = rows[y + 2, x] if last else best
                place[x] = columns[y + 2, x] + np.uint8(6) if last else where


@compiled
def _spread(gradients: _Maps, places: _Places, result: _Maps) -> None:
    """Add each gradient of a maximum where that came from."""
    count, height, width = gradients.shape
    for number in range(count):
        for y in range(height):
            for x in range(width):
                place = places[number, y, x]
                result[number, y + place // 3 - 1, x + place % 3 - 1] += gradients[number, y, x]
