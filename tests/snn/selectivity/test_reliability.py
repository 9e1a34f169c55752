from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.selectivity import half_means, split_half
from tests.snn.selectivity.planted import CLASSES, FIRST, LABELS, gaussian_neurons

RNG = np.random.default_rng(0)


def test_equals_the_corrected_correlation() -> None:
    means = RNG.random((50, 2, 6))
    for found, (one, other) in zip(split_half(means), means, strict=True):
        r = np.corrcoef(one, other)[0, 1]
        assert found == pytest.approx(2 * r / (1 + abs(r)), abs=1e-12)


def test_known_tunings() -> None:
    curve = np.array([0.1, 0.5, 0.2])
    same, opposite = [curve, 0.5 * curve + 0.1], [curve, 0.6 - curve]
    # unit vectors at 60 degrees, r = 1/2: 2/3
    a, b = np.array([1, -1, 0]) / np.sqrt(2), np.array([1, 1, -2]) / np.sqrt(6)
    half = [0.5 + 0.1 * a, 0.5 + 0.1 * (a / 2 + b * np.sqrt(3) / 2)]
    assert split_half(np.array([same, opposite, half])) == pytest.approx([1, -1, 2 / 3])


def test_two_classes_agree_or_not() -> None:
    found = split_half(RNG.random((2000, 2, 2)))
    # of two points r is 1 or -1, but for rounding
    assert np.abs(found) == pytest.approx(1, abs=1e-9)
    assert np.abs(found).max() <= 1


def test_estimates_the_reliability_of_all_images() -> None:
    # tuning of variance s2 over classes with errors of variance e2 / 50 in a half: the correlation of
    # two whole sets of images would be s2 / (s2 + e2 / 100)
    rng = np.random.default_rng(1)
    tuning = rng.normal(size=(2000, CLASSES))
    responses = tuning[:, LABELS].T + 5 * rng.normal(size=(1000, 2000))
    found = split_half(half_means(responses, LABELS, FIRST, CLASSES))
    assert np.median(found) == pytest.approx(1 / (1 + 25 / 100), abs=0.03)


def test_noise_has_no_reliability_on_average() -> None:
    responses = gaussian_neurons(0.0, neurons=2000)
    found = split_half(half_means(responses, LABELS, FIRST, CLASSES))
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(2000)


def test_silent_and_flat_halves_have_none_and_missing_classes_take_no_part() -> None:
    curve, gap = [0.1, 0.5, 0.2], [0.1, np.nan, 0.2]
    flat, silent = [0.3] * 3, [0.0] * 3
    assert np.isnan(split_half(np.array([[curve, flat], [silent, curve]]))).all()
    assert split_half(np.array([[curve, gap]])) == pytest.approx([1])
    assert np.isnan(split_half(np.array([[[0.1, np.nan], [0.2, 0.3]]]))).all()
