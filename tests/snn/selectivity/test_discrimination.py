from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from spikeatlas.snn.selectivity import auc, d_prime, halves
from tests.snn.selectivity.planted import (
    CLASSES,
    FIRST,
    FLAT,
    LABELS,
    ONE_CLASS,
    SATURATED,
    SILENT,
    gaussian_neurons,
    plain_neurons,
)


def test_equal_gaussians_at_a_known_distance() -> None:
    for distance in (1.0, 2.0):
        responses = gaussian_neurons(distance)
        # of 400 neurons the mean has a standard error of some 0.005
        assert d_prime(responses, LABELS, FIRST, CLASSES).mean() == pytest.approx(
            distance, abs=0.03
        )
        assert auc(responses, LABELS, FIRST, CLASSES).mean() == pytest.approx(
            norm.cdf(distance / np.sqrt(2)), abs=0.006
        )


def test_neurons_that_know_no_class_are_at_the_floor() -> None:
    responses = gaussian_neurons(0.0, neurons=1000)
    # chosen and measured on the same images the same noise would show 0.22 and 0.56
    assert d_prime(responses, LABELS, FIRST, CLASSES).mean() == pytest.approx(0, abs=0.02)
    assert auc(responses, LABELS, FIRST, CLASSES).mean() == pytest.approx(0.5, abs=0.006)


def test_plain_neurons() -> None:
    responses = plain_neurons()
    area = auc(responses, LABELS, FIRST, CLASSES)
    assert area[[SILENT, FLAT, SATURATED]].tolist() == [0.5] * 3
    assert area[ONE_CLASS] == 1
    # no group varies, not even the binary neuron's
    assert np.isnan(d_prime(responses, LABELS, FIRST, CLASSES)).all()


def test_equal_a_plain_computation_with_ties() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 120)
    first = halves(labels)
    responses = (rng.poisson(1 + labels[:, None], (120, 20)) / 16).astype(np.float32)
    area, distance = (measure(responses, labels, first, 4) for measure in (auc, d_prime))
    for neuron in range(20):
        areas, distances = [], []
        for choose in (first, ~first):
            rates = responses[:, neuron].astype(np.float64)
            means = [rates[choose & (labels == label)].mean() for label in range(4)]
            is_best = labels[~choose] == np.argmax(means)
            left = rates[~choose]
            areas.append(roc_auc_score(is_best, left))
            spread = (left[is_best].var(ddof=1) + left[~is_best].var(ddof=1)) / 2
            distances.append((left[is_best].mean() - left[~is_best].mean()) / np.sqrt(spread))
        assert area[neuron] == pytest.approx(np.mean(areas), abs=1e-12)
        assert distance[neuron] == pytest.approx(np.mean(distances), abs=1e-9)


def test_a_class_that_moves_from_half_to_half_is_below_the_floor() -> None:
    rng = np.random.default_rng(2)
    preferred = np.where(FIRST, LABELS == 3, LABELS == 5)[:, None]
    responses = 0.2 + 0.05 * rng.random((1000, 200)) + 0.5 * preferred
    # the class of one half is like 400 of the others in the other half, and below the 50 that drive
    assert auc(responses, LABELS, FIRST, CLASSES).mean() == pytest.approx(200 / 450, abs=0.01)
    own, others = 0.05**2 / 12, 0.05**2 / 12 + 0.25 * (50 / 450) * (400 / 449)
    assert d_prime(responses, LABELS, FIRST, CLASSES).mean() == pytest.approx(
        -0.5 * (50 / 450) / np.sqrt((own + others) / 2), abs=0.01
    )


def test_undefined_where_a_half_lacks_the_class() -> None:
    labels = np.array([0, 1, 1, 1])
    first = np.array([True, True, False, False])
    responses = np.array([[1.0], [0], [0.5], [0.7]])
    for measure in (auc, d_prime):
        assert np.isnan(measure(responses, labels, first, 2)).all()


def test_halves_that_are_no_mask_are_refused() -> None:
    with pytest.raises(ValueError, match=r"first is int64 \(1000,\): it must be a boolean mask"):
        auc(plain_neurons(), LABELS, FIRST.astype(np.int64), CLASSES)
    with pytest.raises(ValueError, match=r"first is bool \(3,\)"):
        d_prime(plain_neurons(), LABELS, FIRST[:3], CLASSES)
