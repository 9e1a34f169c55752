from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeatlas.snn.batching import padded_batches


@settings(deadline=None)
@given(length=st.integers(0, 40), size=st.integers(1, 50))
def test_batches_have_one_size_and_hold_every_row_once(length: int, size: int) -> None:
    array = np.arange(length * 3).reshape(length, 3)
    batches = list(padded_batches(array, size))
    assert all(batch.shape == (size, 3) for batch, _ in batches)
    rows = [batch[:count] for batch, count in batches]
    assert np.array_equal(np.concatenate([array[:0], *rows]), array)
    assert len(batches) == -(-length // size)


def test_last_batch_repeats_its_last_row() -> None:
    batches = list(padded_batches(np.array([1, 2, 3, 4, 5], np.uint8), 4))
    assert [count for _, count in batches] == [4, 1]
    assert batches[1][0].tolist() == [5, 5, 5, 5]
    assert batches[1][0].dtype == np.uint8


def test_the_array_is_not_modified() -> None:
    array = np.arange(5)
    for batch, _ in padded_batches(array, 3):
        batch.sum()
    assert array.tolist() == [0, 1, 2, 3, 4]


def test_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size is 0: it must be at least 1"):
        list(padded_batches(np.arange(3), 0))
