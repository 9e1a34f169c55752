from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeatlas.snn.selectivity import (
    active_images,
    class_means,
    class_selectivity_index,
    halves,
    index_of_responses,
)
from spikeatlas.snn.selectivity.tuning import ever_negative

RNG = np.random.default_rng(0)
ENOUGH = np.array([20])


def plain_index(choose: list[float], measure: list[float]) -> float:
    best = choose.index(max(choose))
    others = [rate for label, rate in enumerate(measure) if label != best]
    other = sum(others) / len(others)
    return (measure[best] - other) / (measure[best] + other)


def test_class_means_equal_a_plain_loop() -> None:
    labels = RNG.integers(0, 4, 50)
    responses = RNG.random((50, 7)).astype(np.float32)
    means = class_means(responses, labels, 4)
    assert means.shape == (7, 4)
    for neuron in range(7):
        for label in range(4):
            wanted = responses[labels == label, neuron].astype(np.float64).mean()
            assert means[neuron, label] == pytest.approx(wanted, abs=1e-12)


def test_a_class_without_images_has_no_mean() -> None:
    means = class_means(np.ones((2, 3)), np.array([0, 2]), 4)
    assert np.isnan(means).tolist() == [[False, True, False, True]] * 3


def test_misfitting_responses_are_refused() -> None:
    with pytest.raises(ValueError, match=r"responses \(3, 2\) and labels \(4,\) do not fit"):
        class_means(np.ones((3, 2)), np.zeros(4, np.int64), 2)
    with pytest.raises(ValueError, match=r"labels run from 0 to 2: with 2 classes .* 0\.\.1"):
        class_means(np.ones((3, 2)), np.array([0, 1, 2]), 2)


def test_active_images_counts_non_zero_responses() -> None:
    responses = np.array([[0, 0.5, 1], [0, 0, 1]])
    assert active_images(responses).tolist() == [0, 1, 2]


@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_halves_split_every_class_evenly(counts: list[int], seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    first = halves(labels, seed)
    for label, count in enumerate(counts):
        assert abs(2 * int(first[labels == label].sum()) - count) <= 1
    assert abs(2 * int(first.sum()) - len(labels)) <= 1
    assert np.array_equal(first, halves(labels, seed))


def test_halves_depend_on_the_seed() -> None:
    labels = np.repeat(np.arange(3), 20)
    assert not np.array_equal(halves(labels, 0), halves(labels, 1))


def test_index_equals_a_plain_computation() -> None:
    means = RNG.random((30, 2, 5))
    csi, preferred = class_selectivity_index(means, np.full(30, 20))
    for neuron, (first, second) in enumerate(means.tolist()):
        wanted = (plain_index(first, second) + plain_index(second, first)) / 2
        assert csi[neuron] == pytest.approx(wanted, abs=1e-12)
        assert preferred[neuron] == np.argmax(np.add(first, second))


def test_index_of_known_neurons() -> None:
    only_one = [[0, 0, 0.5], [0, 0, 0.4]]
    flat = [[0.2, 0.2, 0.2]] * 2
    # prefers another class in either half, and there the other half is silent
    fickle = [[1.0, 0, 0], [0, 1.0, 0]]
    csi, preferred = class_selectivity_index(
        np.array([only_one, flat, fickle]), np.array([20, 450, 99])
    )
    assert csi.tolist() == [1, 0, -1]
    assert preferred.tolist() == [2, 0, 0]


def test_index_is_undefined_below_twenty_active_images() -> None:
    means = np.array([[[0.0, 1.0], [0.0, 1.0]]] * 2)
    csi, preferred = class_selectivity_index(means, np.array([19, 20]))
    assert np.isnan(csi).tolist() == [True, False]
    assert preferred.tolist() == [-1, 1]


def test_index_is_undefined_where_a_half_is_silent() -> None:
    csi, preferred = class_selectivity_index(np.array([[[0.0, 0.0], [0.0, 1.0]]]), ENOUGH)
    assert np.isnan(csi).all()
    assert preferred.tolist() == [-1]


def test_classes_without_images_do_not_take_part() -> None:
    nan = np.nan
    csi, preferred = class_selectivity_index(np.array([[[nan, 0.3, 0.1], [nan, 0.3, 0.1]]]), ENOUGH)
    assert csi[0] == pytest.approx(0.5)
    assert preferred.tolist() == [1]
    csi, _ = class_selectivity_index(np.array([[[nan, 0.3], [nan, 0.3]]]), ENOUGH)
    assert np.isnan(csi).all()


@settings(deadline=None)
@given(
    classes=st.integers(1, 5),
    seed=st.integers(0, 999),
    sparse=st.floats(0, 1),
)
def test_index_stays_in_range_and_arguments_stay(classes: int, seed: int, sparse: float) -> None:
    rng = np.random.default_rng(seed)
    means = rng.random((20, 2, classes)) * (rng.random((20, 2, classes)) < sparse)
    before = means.copy()
    csi, preferred = class_selectivity_index(means, rng.integers(0, 40, 20))
    known = ~np.isnan(csi)
    assert (np.abs(csi[known]) <= 1).all()
    assert ((preferred >= 0) == known).all()
    assert np.array_equal(means, before)


def test_noise_is_not_selective_on_average() -> None:
    labels = np.repeat(np.arange(10), 40)
    responses = RNG.random((400, 500))
    first = halves(labels)
    means = np.stack([class_means(responses[h], labels[h], 10) for h in (first, ~first)], axis=1)
    csi, _ = class_selectivity_index(means, active_images(responses))
    # chosen and measured on the same images the same noise would show 0.07
    assert abs(csi.mean()) < 3 * csi.std() / np.sqrt(500)


def test_a_neuron_with_a_negative_response_has_a_preferred_class_and_no_index() -> None:
    labels = np.repeat(np.arange(4), 20)
    responses = np.tile(labels[:, None] / 4 + 0.1, (1, 3))
    responses[3, 1] = -0.01
    responses[:, 2] -= 2
    csi, preferred = index_of_responses(responses, labels, halves(labels), 4)
    assert np.isfinite(csi).tolist() == [True, False, False]
    assert preferred.tolist() == [3, 3, 3]
    assert ever_negative(responses).tolist() == [False, True, True]


def test_negative_class_means_have_no_index_and_too_few_answers_no_class() -> None:
    means = np.array([[[-0.1, 0.3], [0.1, 0.3]]] * 2)
    csi, preferred = class_selectivity_index(means, np.array([20, 19]))
    assert np.isnan(csi).all()
    assert preferred.tolist() == [1, -1]
