from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, ttest_ind

from spikeatlas.snn.selectivity import discoveries, halves, q_values, selectivity_test
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
    sparse_noise,
)


def test_equals_two_welch_tests() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 120)
    first = halves(labels)
    responses = (rng.poisson(1 + 0.2 * labels[:, None], (120, 20)) / 16).astype(np.float32)
    found = selectivity_test(responses, labels, first, 4)
    for neuron in range(20):
        ps = []
        for choose in (first, ~first):
            rates = responses[:, neuron].astype(np.float64)
            means = [rates[choose & (labels == label)].mean() for label in range(4)]
            is_best = labels[~choose] == np.argmax(means)
            left = rates[~choose]
            test = ttest_ind(left[is_best], left[~is_best], equal_var=False, alternative="greater")
            ps.append(test.pvalue)
        assert found[neuron] == pytest.approx(min(1, 2 * min(ps)), rel=1e-6)


@pytest.mark.parametrize("images", [200, 1000])
def test_noise_is_called_selective_once_in_twenty_at_most(images: int) -> None:
    labels = np.arange(images) % CLASSES
    first = halves(labels)
    bound = binom.ppf(0.999, 2000, 0.05) / 2000
    assert bound < 0.07
    for name, responses in sparse_noise(images, 2000).items():
        p = selectivity_test(responses, labels, first, CLASSES)
        assert np.mean(p < 0.05) <= bound, name


def test_the_test_spends_its_error_rate_on_even_noise() -> None:
    p = selectivity_test(gaussian_neurons(0.0, neurons=2000), LABELS, FIRST, CLASSES)
    assert binom.ppf(0.001, 2000, 0.045) / 2000 <= np.mean(p < 0.05)


def test_tuned_neurons_are_found() -> None:
    p = selectivity_test(gaussian_neurons(0.7), LABELS, FIRST, CLASSES)
    # at least one of two tests with t about 0.7 sqrt(45) = 4.7 against 2.0
    assert np.mean(p < 0.05) > 0.99


def test_plain_neurons() -> None:
    p = selectivity_test(plain_neurons(), LABELS, FIRST, CLASSES)
    assert p[[SILENT, FLAT, SATURATED]].tolist() == [1] * 3
    assert p[ONE_CLASS] < 1e-60


def test_groups_that_do_not_vary_are_tested_by_their_order() -> None:
    labels = np.array([0, 0, 1, 1, 1] * 2)
    first = np.arange(10) < 5
    driven, inverse = (labels == 0).astype(float), np.where(first == (labels == 0), 0.5, 0)
    p = selectivity_test(np.stack([driven, inverse], axis=1), labels, first, 2)
    # 10 ways to place 2 of 5, both halves tried; what is low on the other half is no discovery
    assert p.tolist() == [pytest.approx(0.2), 1]


def test_undefined_is_no_discovery() -> None:
    labels = np.array([0, 1, 1, 1])
    p = selectivity_test(
        np.random.default_rng(0).random((4, 3)), labels, np.array([True, True, False, False]), 2
    )
    assert p.tolist() == [1] * 3


def test_q_values_of_an_example_worked_by_hand() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.5])
    q = q_values(p)
    assert np.isnan(q).tolist() == [False, True, False, False, False]
    assert q[[0, 2, 3, 4]] == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert discoveries(p, 0.05).tolist() == [True, False, False, False, False]
    assert discoveries(p, 0.06).tolist() == [True, False, True, True, False]


def test_false_discoveries_stay_at_their_rate() -> None:
    silent = gaussian_neurons(0.0, neurons=1500, seed=1)
    tuned = gaussian_neurons(1.0, neurons=500, seed=2)
    p = selectivity_test(np.concatenate([silent, tuned], axis=1), LABELS, FIRST, CLASSES)
    found = discoveries(p, 0.05)
    assert found[1500:].mean() > 0.99
    assert found[:1500].sum() <= binom.ppf(0.999, int(found.sum()), 0.05)


def test_no_p_no_q() -> None:
    assert np.isnan(q_values(np.full(3, np.nan))).all()
    assert q_values(np.zeros(0)).shape == (0,)
    with pytest.raises(ValueError, match=r"rate is 5: a false discovery rate lies in 0\.\.1"):
        discoveries(np.ones(2), 5)
