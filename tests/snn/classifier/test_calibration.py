"""Temperature scaling against scores whose confidence is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from spikeatlas.snn.classifier import fit_temperature


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_overconfidence_is_taken_back(factor: float) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(4000, 5)) * 2
    chances = softmax(true, axis=1)
    labels = (chances.cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1)

    assert fit_temperature(factor * true, labels) == pytest.approx(factor, rel=0.06)


def test_no_other_temperature_fits_better() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 50)
    scores = rng.normal(size=(50, 4)) * 3 + 4 * np.eye(4)[labels]
    wrong = 1 / 52
    targets = np.full(scores.shape, wrong / 3)
    targets[np.arange(50), labels] = 1 - wrong

    def cost(temperature: float) -> float:
        return float(-(targets * log_softmax(scores / temperature, axis=1)).sum())

    found = fit_temperature(scores, labels)

    assert 0.2 < found < 5
    assert cost(found) <= min(cost(t) for t in np.geomspace(0.1, 10, 400)) + 1e-6


def test_a_classifier_that_is_always_right_is_not_believed_without_end() -> None:
    labels = np.arange(40) % 4
    scores = 3.0 * np.eye(4)[labels]

    found = fit_temperature(scores, labels)

    # one wrong image more than the 40: confidence 41/42
    sure = softmax(scores / found, axis=1).max(axis=1)
    np.testing.assert_allclose(sure, 1 - 1 / 42, rtol=1e-3)


def test_what_says_nothing_gets_a_temperature_within_bounds() -> None:
    labels = np.zeros(10, np.int64)

    assert 0.1 <= fit_temperature(np.zeros((10, 3)), labels) <= 10
    assert fit_temperature(np.ones((10, 1)), labels) == 1
