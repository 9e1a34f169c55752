"""Numbers and pictures come out of the page as they went in, and the page stays below its limit."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
import pytest

from spikeatlas.tasks.report.explorer import sprites
from spikeatlas.tasks.report.explorer.assembly import spread
from spikeatlas.tasks.report.explorer.packing import pack, plain
from spikeatlas.tasks.report.explorer.page_budget import PageBudget

RNG = np.random.default_rng(0)


def unpack(packed: Any) -> dict[str, np.ndarray]:
    """What the page's script does, in Python."""
    data = zlib.decompress(base64.b64decode(packed.text))
    found, start = {}, 0
    for part in packed.header:
        kind = np.dtype(part["kind"] if part["kind"] == "u1" else "<" + part["kind"])
        count = int(np.prod(part["shape"]))
        planes = np.frombuffer(data, np.uint8, count * kind.itemsize, start)
        start += count * kind.itemsize
        flat = np.ascontiguousarray(planes.reshape(kind.itemsize, count).T).view(kind)
        found[part["name"]] = flat.reshape(part["shape"])
    return found


def test_numbers_come_back() -> None:
    arrays = {
        "floats": RNG.normal(size=(3, 4)).astype(np.float32),
        "gaps": np.array([np.nan, np.inf, -np.inf, 0.0]),
        "flags": np.array([True, False]),
        "small": np.arange(200), "signed": np.arange(-5, 5), "large": np.array([0, 2**20]),
        "nothing": np.empty((0, 3)),
    }  # fmt: skip
    packed = pack(arrays)
    found = unpack(packed)
    assert [part["kind"] for part in packed.header] == ["f4", "f4", "u1", "u1", "i2", "i4", "f4"]
    for name, values in arrays.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("n", [1, 7, 2000])
def test_stimuli_stay_exact(channels: int, n: int) -> None:
    images = RNG.integers(0, 256, (n, channels, 28, 28)).astype(np.uint8)
    step = sprites.tiles_per_sheet(28, 28)
    found = [
        sprites.decode(base64.b64decode(sheet), min(step, n - at * step), channels, 28, 28)
        for at, sheet in enumerate(sprites.sheets(images))
    ]
    assert np.array_equal(np.concatenate(found), images)
    assert len(found) == -(-n // step)


def test_the_ledger_leaves_out_what_does_not_fit_and_says_so() -> None:
    ledger = PageBudget(limit=10)
    ledger.must("numbers", "abcd")
    assert ledger.may("pictures", "epoch 2", "best", ["xx", "yy"]) == 2
    assert ledger.may("pictures", "epoch 1", "more", ["zzz"]) is None
    # the same kind is not tried again, another is
    assert ledger.may("pictures", "epoch 0", "less", ["z"]) is None
    assert ledger.may("curves", "conv1", "curves", ["z"]) == 1
    assert list(ledger.parts) == ["numbers", "best/0", "best/1", "curves/0"]
    assert ledger.sentences() == [
        "To stay below 1e-05 MB this page leaves out pictures: epoch 1, epoch 0. The atlas holds them."
    ]


def test_json_knows_no_nan() -> None:
    assert plain(np.array([[1.23456, np.nan], [np.inf, 2]])) == [[1.235, None], [None, 2.0]]


@pytest.mark.parametrize(("count", "order"), [(1, [0]), (2, [1, 0]), (5, [4, 0, 2, 3, 1])])
def test_epochs_are_spread(count: int, order: list[int]) -> None:
    assert spread(count) == order
