from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.selectivity import hoyer, treves_rolls


@pytest.mark.parametrize("active", [1, 10, 50, 100])
def test_a_neuron_with_k_equal_responses(active: int) -> None:
    responses = np.zeros((100, 1), np.float32)
    responses[:active] = 0.3
    assert treves_rolls(responses, axis=0)[0] == pytest.approx((1 - active / 100) / 0.99)
    assert hoyer(responses, axis=0)[0] == pytest.approx((10 - np.sqrt(active)) / 9)


def test_exponential_responses_have_a_known_sparseness() -> None:
    responses = np.random.default_rng(0).exponential(size=(100_000, 1))
    # mean 1, mean square 2
    assert treves_rolls(responses, axis=0)[0] == pytest.approx(0.5, abs=0.01)
    assert hoyer(responses, axis=0)[0] == pytest.approx(1 - np.sqrt(0.5), abs=0.01)


def test_population_sparseness_is_lifetime_sparseness_of_the_transpose() -> None:
    responses = np.random.default_rng(0).random((30, 7)).astype(np.float32)
    for measure in (treves_rolls, hoyer):
        assert measure(responses, axis=1).shape == (30,)
        assert np.array_equal(measure(responses, axis=1), measure(responses.T, axis=0))


def test_sparseness_knows_no_gain() -> None:
    responses = np.random.default_rng(0).random((30, 7))
    for measure in (treves_rolls, hoyer):
        assert measure(responses / 8, axis=0) == pytest.approx(measure(responses, axis=0))


def test_sparseness_is_undefined_for_silence_and_for_one_value() -> None:
    for measure in (treves_rolls, hoyer):
        assert np.isnan(measure(np.zeros((9, 2)), axis=0)).all()
        assert np.isnan(measure(np.ones((1, 3)), axis=0)).tolist() == [True] * 3
        assert measure(np.ones((0, 3)), axis=0).shape == (3,)


def test_rounding_makes_no_sparseness_below_zero() -> None:
    responses = np.full((1000, 50), np.random.default_rng(0).random(50), np.float32)
    for measure in (treves_rolls, hoyer):
        found = measure(responses, axis=0)
        assert (found >= 0).all()
        assert found == pytest.approx(0, abs=1e-7)


def test_sparseness_is_undefined_where_a_response_is_negative() -> None:
    responses = np.array([[0.5, 0.5], [0.1, -0.1], [0.0, 0.0]])
    for measure in (treves_rolls, hoyer):
        assert np.isnan(measure(responses, axis=0)).tolist() == [False, True]
        assert np.isnan(measure(responses, axis=1)).tolist() == [False, True, True]
