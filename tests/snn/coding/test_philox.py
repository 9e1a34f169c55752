"""Philox4x64-10, compiled: numpy's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.coding.philox import fill


@pytest.mark.parametrize("key", [0, 1, 2**63 + 12345, 2**127 + 2**64 + 99, 2**128 - 1])
def test_numbers_are_numpys(key: int) -> None:
    words = np.empty(400, np.uint64)
    fill(np.array([key % 2**64, key // 2**64], np.uint64), words)
    np.testing.assert_array_equal(words, np.random.Philox(key=key).random_raw(400))
