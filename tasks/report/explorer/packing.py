"""Arrays of numbers as text inside a page: few bytes, read by the page's ``numbers.js``."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.report.averages import Array

DIGITS = 4
"""Significant digits of single numbers."""

# bits of a float's mantissa that are dropped: what stays is exact to 8 parts in a million
_DROPPED = 7


@dataclass(frozen=True)
class Packed:
    """Some arrays, one after the other."""

    header: list[dict[str, Any]]
    """``name``, ``kind`` (f4, i4, i2 or u1) and ``shape`` of each."""
    text: str
    """Their bytes, deflated, in base64."""


def pack(arrays: Mapping[str, Array]) -> Packed:
    """Pack arrays of floats (as float32 rounded to 17 bits), integers and booleans, in their order."""
    header, parts = [], []
    for name, values in arrays.items():
        array = _narrow(values)
        header.append(
            {"name": name, "kind": array.dtype.str.lstrip("<|"), "shape": list(array.shape)}
        )
        parts.append(_planes(array))
    packed = zlib.compress(b"".join(parts), 6)
    return Packed(header, base64.b64encode(packed).decode())


def _narrow(values: Array) -> Array:
    """Return the values in the smallest of four types that holds them."""
    if values.dtype.kind == "f":
        return rounded(values)
    if values.dtype.kind == "b" or (values.size and values.min() >= 0 and values.max() < 256):
        return values.astype("u1")
    fits = not values.size or np.abs(values).max() < 2**15
    return values.astype("<i2" if fits else "<i4")


def rounded(values: Array) -> NDArray[np.float32]:
    """Return floats whose last bits are 0, so that they deflate well; infinities and NaN stay."""
    floats = np.ascontiguousarray(values, "<f4")
    bits = floats.view("<u4")
    half, mask = np.uint32(1 << (_DROPPED - 1)), np.uint32(0xFFFFFFFF << _DROPPED & 0xFFFFFFFF)
    finite = np.isfinite(floats)
    result: NDArray[np.float32] = np.where(finite, (bits + half) & mask, bits).view("<f4")
    return result


def _planes(values: Array) -> bytes:
    """Return first all first bytes of the elements, then all second ones ...: like beside like deflates better."""
    flat = np.ascontiguousarray(values).reshape(-1)
    return flat.view(np.uint8).reshape(flat.size, flat.itemsize).T.tobytes()


def plain(values: Any) -> Any:
    """Return numbers and arrays as JSON: floats to 4 significant digits, None for what is not finite."""
    if isinstance(values, np.ndarray):
        return [plain(value) for value in values]
    if isinstance(values, float | np.floating):
        return float(f"{values:.{DIGITS}g}") if np.isfinite(values) else None
    return values.item() if isinstance(values, np.generic) else values
