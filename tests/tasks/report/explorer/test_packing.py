"""Numbers come out of the page as they went in."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

from spikeatlas.tasks.report.explorer.packing import pack, plain

RNG = np.random.default_rng(0)


def unpack(packed: Any) -> dict[str, np.ndarray]:
    """Read arrays as the page's script does, in Python."""
    data = zlib.decompress(base64.b64decode(packed.text))
    arrays, start = {}, 0
    for part in packed.header:
        kind = np.dtype(part["kind"] if part["kind"] == "u1" else "<" + part["kind"])
        count = int(np.prod(part["shape"]))
        planes = np.frombuffer(data, np.uint8, count * kind.itemsize, start)
        start += count * kind.itemsize
        flat = np.ascontiguousarray(planes.reshape(kind.itemsize, count).T).view(kind)
        arrays[part["name"]] = flat.reshape(part["shape"])
    return arrays


def test_numbers_come_back() -> None:
    arrays = {
        "floats": RNG.normal(size=(3, 4)).astype(np.float32),
        "gaps": np.array([np.nan, np.inf, -np.inf, 0.0]),
        "flags": np.array([True, False]),
        "small": np.arange(200),
        "signed": np.arange(-5, 5),
        "large": np.array([0, 2**20]),
        "nothing": np.empty((0, 3)),
    }
    packed = pack(arrays)
    unpacked = unpack(packed)
    assert [part["kind"] for part in packed.header] == ["f4", "f4", "u1", "u1", "i2", "i4", "f4"]
    for name, values in arrays.items():
        np.testing.assert_allclose(unpacked[name], values, rtol=1e-5)


def test_json_knows_no_nan() -> None:
    assert plain(np.array([[1.23456, np.nan], [np.inf, 2]])) == [[1.235, None], [None, 2.0]]
