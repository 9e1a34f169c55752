"""Sums of multiples of rows, in vector registers."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.networks.folded.row_sums import LANES, VECTORS, add_multiples


@compiled
def _add(
    rows: np.ndarray, numbers: np.ndarray, factors: np.ndarray, vectors: int, target: np.ndarray
) -> None:
    # the second of 5 entries to the fourth, rows 7 vectors apart, from the third number of the first on
    add_multiples(rows, numbers, factors, (1, 4), (2, 7 * LANES, 3), vectors, target, 5)


@pytest.mark.parametrize("vectors", range(1, VECTORS + 1))
def test_multiples_are_added_one_after_the_other(vectors: int) -> None:
    source = np.random.default_rng(vectors)
    rows = source.standard_normal((12, 7 * LANES)).astype(np.float32)
    numbers = np.array([0, 5, -2, 5, 1], np.int32)
    factors = source.standard_normal(5).astype(np.float32)
    target = source.standard_normal(vectors * LANES + 7).astype(np.float32)
    expected = target.astype(np.float64)
    for number, factor in zip(numbers[1:4], factors[1:4], strict=True):
        row = rows.reshape(-1)[(number + 2) * 7 * LANES + 3 :][: vectors * LANES]
        expected[5:-2] += np.float64(factor) * row
    _add(rows.reshape(-1), numbers, factors, vectors, target)
    np.testing.assert_allclose(target, expected, rtol=0, atol=1e-5)
