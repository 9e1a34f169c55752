from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.selectivity import class_read, mango_relative_perplexity, relative_perplexity

ONE = np.eye(10)[3]
TWO = (np.eye(10)[3] + np.eye(10)[7]) / 2
ALL = np.full(10, 0.1)


def test_class_read_is_the_fastest_output() -> None:
    rates = np.array([[0, 0.2, 0.1], [0, 0, 0], [0.3, 0.3, 0]], np.float32)
    assert class_read(rates).tolist() == [1, -1, 0]
    assert class_read(rates).dtype == np.int64


def test_perplexity_counts_the_classes_left_open() -> None:
    assert relative_perplexity(np.array([ONE, TWO, ALL])) == pytest.approx([0.1, 0.2, 1])
    # entropy 1.5 bits: 2 sqrt 2 classes
    assert relative_perplexity(np.array([[0.5, 0.25, 0.25, 0]])) == pytest.approx([2**1.5 / 4])


def test_mango_perplexity_has_its_published_values() -> None:
    found = mango_relative_perplexity(np.array([ONE, TWO, ALL]))
    assert found[:2].round(3).tolist() == [0.203, 0.328]
    assert found[2] == pytest.approx(1)


def test_rounded_probabilities_are_good_enough() -> None:
    rounded = np.array([[0.3334, 0.3333, 0.3334]], np.float32)
    assert relative_perplexity(rounded) == pytest.approx([1], abs=1e-6)


def test_unknown_probabilities_have_no_perplexity() -> None:
    found = relative_perplexity(np.array([[np.nan, np.nan], [1, 0]]))
    assert np.isnan(found).tolist() == [True, False]


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"run from 0 to 3 and sum to 1\.\.4 a row"):
        relative_perplexity(np.array([[1.0, 0], [3, 1]]))
    with pytest.raises(ValueError, match="at least 0"):
        mango_relative_perplexity(np.array([[1.5, -0.5]]))
