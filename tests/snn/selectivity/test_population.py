from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.selectivity import dimensionality, signal_correlation

RNG = np.random.default_rng(0)


def test_signal_correlation_equals_the_mean_over_pairs() -> None:
    tuning = RNG.random((40, 6)) + RNG.random(6)
    pairs = np.asarray(np.corrcoef(tuning))[np.triu_indices(40, k=1)]
    assert signal_correlation(tuning) == pytest.approx(pairs.mean(), abs=1e-12)


def test_signal_correlation_of_known_populations() -> None:
    curve = np.array([0.1, 0.5, 0.2])
    assert signal_correlation(np.stack([curve, 0.5 * curve, curve + 0.1])) == pytest.approx(1)
    assert signal_correlation(np.stack([curve, 1 - curve])) == pytest.approx(-1)
    # each of the classes has one neuron: correlation -1/(classes - 1)
    assert signal_correlation(np.eye(5)) == pytest.approx(-1 / 4)


def test_silent_and_flat_neurons_and_missing_classes_take_no_part() -> None:
    tuning = RNG.random((10, 4))
    wanted = signal_correlation(tuning)
    idle = np.stack([np.zeros(4), np.full(4, 0.3), np.full(4, 0.7)])
    assert signal_correlation(np.concatenate([tuning, idle])) == pytest.approx(wanted)
    gap = np.insert(tuning, 2, np.nan, axis=1)
    assert signal_correlation(gap) == pytest.approx(wanted)


def test_signal_correlation_needs_two_tuned_neurons_and_two_classes() -> None:
    assert np.isnan(signal_correlation(np.array([[0.1, 0.2], [0.3, 0.3]])))
    assert np.isnan(signal_correlation(RNG.random((5, 1))))
    assert np.isnan(signal_correlation(np.zeros((0, 4))))


@pytest.mark.parametrize("shape", [(60, 20), (20, 60)])
def test_dimensionality_equals_the_ratio_of_eigenvalues(shape: tuple[int, int]) -> None:
    responses = RNG.random(shape) * RNG.random(shape[1])
    values = np.linalg.eigvalsh(np.cov(responses.T))
    wanted = values.sum() ** 2 / np.square(values).sum()
    assert dimensionality(responses) == pytest.approx(wanted, abs=1e-9)


def test_dimensionality_counts_equal_independent_directions() -> None:
    # Hadamard columns: 7 of equal variance, orthogonal, about their mean
    signs = np.array([[(-1) ** (i & j).bit_count() for j in range(1, 8)] for i in range(8)])
    for count in (1, 3, 7):
        own = 0.5 + 0.1 * signs[:, :count]
        assert dimensionality(own) == pytest.approx(count)
        # copies, silent and flat neurons add none
        more = np.concatenate([own, own, np.zeros((8, 2)), np.full((8, 1), 0.3)], axis=1)
        assert dimensionality(more) == pytest.approx(count)


def test_dimensionality_is_undefined_where_nothing_varies() -> None:
    assert np.isnan(dimensionality(np.full((30, 4), 0.3, np.float32)))
    assert np.isnan(dimensionality(np.zeros((30, 4))))
    assert np.isnan(dimensionality(np.zeros((30, 0))))
