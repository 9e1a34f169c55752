from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from spikeatlas.snn.selectivity import (
    active_images,
    bootstrap_csi,
    class_selectivity_index,
    half_means,
    halves,
    shuffle_csi,
)
from spikeatlas.snn.selectivity import resampling as module
from tests.snn.selectivity.planted import (
    CLASSES,
    FIRST,
    FLAT,
    LABELS,
    ONE_CLASS,
    SATURATED,
    SILENT,
    Singles,
    plain_neurons,
    sparse_noise,
)

FEW = np.arange(120) % 4
FEW_FIRST = halves(FEW)


def index(responses: Singles, labels: np.ndarray, first: np.ndarray, classes: int) -> np.ndarray:
    means = half_means(responses, labels, first, classes)
    return class_selectivity_index(means, active_images(responses))[0]


def few_neurons(neurons: int = 12) -> Singles:
    rng = np.random.default_rng(0)
    drive = 1 + rng.random((neurons, 4))
    return (rng.poisson(drive[:, FEW].T) / 16).astype(np.float32)


def drawn_plainly(responses: Singles, draws: int) -> np.ndarray:
    """The index of images drawn again (draws, neurons), one draw after the other."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(draws):
        rows = np.concatenate(
            [
                rng.choice(np.flatnonzero((label == FEW) & (half == FEW_FIRST)), 15)
                for label in range(4)
                for half in (True, False)
            ]
        )
        found.append(index(responses[rows], FEW[rows], FEW_FIRST[rows], 4))
    return np.array(found)


def shuffled_plainly(responses: Singles, draws: int) -> np.ndarray:
    """The index under shuffled labels (draws, neurons), one shuffle after the other."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(draws):
        labels = FEW.copy()
        for half in (FEW_FIRST, ~FEW_FIRST):
            labels[half] = rng.permutation(labels[half])
        found.append(index(responses, labels, FEW_FIRST, 4))
    return np.array(found)


def test_bootstrap_equals_a_plain_loop() -> None:
    responses = few_neurons()
    found = bootstrap_csi(responses, FEW, FEW_FIRST, 4, 4000, np.random.default_rng(0))
    low, high = np.quantile(drawn_plainly(responses, 1000), (0.025, 0.975), axis=0)
    # a quantile of 1000 draws of deviation 0.1 has an error of some 0.008
    assert np.abs(found.low - low).max() < 0.03
    assert np.abs(found.high - high).max() < 0.03
    assert abs((found.low - low).mean()) < 0.006
    assert abs((found.high - high).mean()) < 0.006


def test_shuffle_equals_a_plain_loop() -> None:
    responses = few_neurons()
    found = shuffle_csi(responses, FEW, FEW_FIRST, 4, 4000, np.random.default_rng(0))
    plain = shuffled_plainly(responses, 1000)
    error = plain.std(axis=0) / np.sqrt(1000)
    assert np.abs((found.mean - plain.mean(axis=0)) / error).max() < 4
    assert np.abs(found.high - np.quantile(plain, 0.95, axis=0)).max() < 0.03
    p = np.mean(plain >= index(responses, FEW, FEW_FIRST, 4) - 1e-9, axis=0)
    assert np.abs(found.p - p).max() < 4 * np.sqrt(0.25 / 1000)


def test_plain_neurons() -> None:
    responses = plain_neurons()
    low, high = bootstrap_csi(responses, LABELS, FIRST, CLASSES, 50, np.random.default_rng(0))
    null = shuffle_csi(responses, LABELS, FIRST, CLASSES, 50, np.random.default_rng(0))
    for values in (low, high, *null):
        assert np.isnan(values).tolist() == [True, False, False, False]
    for ends in (low, high):
        assert ends[[FLAT, SATURATED]] == pytest.approx(0, abs=1e-6)
        assert ends[ONE_CLASS] == pytest.approx(1)
    # every shuffle of a flat neuron equals it, none of a selective one
    assert null.p[[FLAT, SATURATED]].tolist() == [1, 1]
    assert null.p[ONE_CLASS] == pytest.approx(1 / 51)
    assert null.high[ONE_CLASS] < 0.7
    assert SILENT == 0


def test_intervals_hold_the_index_of_endless_images() -> None:
    rng = np.random.default_rng(5)
    mean = np.where(LABELS == 3, 0.4, 0.1)[:, None]
    responses = (rng.gamma(1.0, size=(1000, 600)) * mean).astype(np.float32)
    low, high = bootstrap_csi(responses, LABELS, FIRST, CLASSES, 200, rng)
    assert 0.88 < np.mean((low <= 0.6) & (high >= 0.6)) < 0.97


def test_shuffle_p_is_calibrated_on_noise() -> None:
    for name, responses in sparse_noise(1000, 1000, seed=3).items():
        null = shuffle_csi(responses, LABELS, FIRST, CLASSES, 99, np.random.default_rng(0))
        assert np.mean(null.p <= 0.05) <= binom.ppf(0.9999, 1000, 0.05) / 1000, name
        # the same neurons' index exceeds the quantile about as often
        above = index(responses, LABELS, FIRST, CLASSES) > null.high
        assert above.mean() <= binom.ppf(0.9999, 1000, 0.06) / 1000, name
    even = shuffle_csi(
        sparse_noise(1000, 1000, seed=3)["even"],
        LABELS,
        FIRST,
        CLASSES,
        99,
        np.random.default_rng(0),
    )
    assert even.p.mean() == pytest.approx(0.5, abs=0.06)


def test_rare_images_leave_some_draws_undefined() -> None:
    # 20 of 1000 images drive it, one of them in the second half: a draw may miss that one
    responses = np.zeros((1000, 1), np.float32)
    responses[np.flatnonzero(FIRST & (LABELS == 3))[:19]] = 0.5
    responses[np.flatnonzero(~FIRST & (LABELS == 3))[0]] = 0.5
    found = bootstrap_csi(responses, LABELS, FIRST, CLASSES, 100, np.random.default_rng(0))
    assert found.low.tolist() == found.high.tolist() == [1]


def test_classes_without_images_in_a_half_take_no_part() -> None:
    labels = np.concatenate([FEW, [5]])
    first = np.concatenate([FEW_FIRST, [True]])
    responses = np.concatenate([few_neurons(), np.full((1, 12), 0.01, np.float32)])
    rng = np.random.default_rng
    found = shuffle_csi(responses, labels, first, 6, 400, rng(0))
    assert np.isfinite(found.mean).all()
    assert found.high == pytest.approx(
        shuffle_csi(few_neurons(), FEW, FEW_FIRST, 4, 400, rng(0)).high, abs=0.1
    )


def test_blocks_of_neurons_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    responses = few_neurons(30)
    responses[:, 4] = 0

    def both() -> list[np.ndarray]:
        rng = np.random.default_rng
        return [
            *bootstrap_csi(responses, FEW, FEW_FIRST, 4, 40, rng(0)),
            *shuffle_csi(responses, FEW, FEW_FIRST, 4, 40, rng(0)),
        ]

    whole = both()
    monkeypatch.setattr(module, "_BLOCK_BYTES", 40 * 8 * 4 * 7)
    for values, wanted in zip(both(), whole, strict=True):
        assert values == pytest.approx(wanted, abs=1e-5, nan_ok=True)
        assert np.flatnonzero(np.isnan(values)).tolist() == [4]


def test_the_generator_is_the_only_chance() -> None:
    for function in (bootstrap_csi, shuffle_csi):
        one, same, other = (
            function(few_neurons(), FEW, FEW_FIRST, 4, 20, np.random.default_rng(seed))
            for seed in (0, 0, 1)
        )
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)


def test_no_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="draws is 0: at least one is needed"):
        bootstrap_csi(few_neurons(), FEW, FEW_FIRST, 4, 0, np.random.default_rng(0))
