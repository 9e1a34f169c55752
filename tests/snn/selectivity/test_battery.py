from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeatlas.snn import selectivity
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

NAMES = {
    "class_selectivity_index",
    "preferred_class",
    "csi_low",
    "csi_high",
    "csi_null",
    "csi_null_high",
    "selective_p",
    "lifetime_sparseness",
    "hoyer_sparseness",
    "d_prime",
    "auc",
    "mutual_information",
    "mutual_information_null",
    "split_half_reliability",
}
RANGES = {
    "class_selectivity_index": (-1, 1),
    "csi_low": (-1, 1),
    "csi_high": (-1, 1),
    "csi_null": (-1, 1),
    "csi_null_high": (-1, 1),
    "selective_p": (0, 1),
    "lifetime_sparseness": (0, 1),
    "hoyer_sparseness": (0, 1),
    "auc": (0, 1),
    "split_half_reliability": (-1, 1),
}


def test_plain_neurons() -> None:
    found = selectivity.measure(
        plain_neurons(), LABELS, FIRST, CLASSES, draws=20, rng=np.random.default_rng(0)
    )
    assert set(found) == NAMES
    assert found["preferred_class"].tolist() == [-1, 0, 3, 0]
    for name, values in found.items():
        assert values.shape == (4,)
        if name != "preferred_class":
            assert np.isnan(values[SILENT]), name
    assert found["class_selectivity_index"][[FLAT, ONE_CLASS, SATURATED]].tolist() == [0, 1, 0]
    assert found["lifetime_sparseness"][ONE_CLASS] == pytest.approx((1 - 0.1) / (1 - 1 / 1000))
    assert found["mutual_information"][ONE_CLASS] == pytest.approx(0.469, abs=0.001)
    # nearly none of it is left under shuffled labels
    assert found["mutual_information_null"][ONE_CLASS] < 0.02
    assert found["csi_null"][ONE_CLASS] < 0.3 < found["class_selectivity_index"][ONE_CLASS]
    assert found["auc"].tolist()[FLAT:] == [0.5, 1, 0.5]


def test_each_column_is_its_function() -> None:
    responses = np.clip(gaussian_neurons(0.5, neurons=30), 0, 1)
    responses[:, 3] = 0
    responses[:19, 3] = 0.5
    rest = (LABELS, FIRST, CLASSES)
    found = selectivity.measure(responses, *rest, draws=30, rng=np.random.default_rng(4))
    rng = np.random.default_rng(4)
    low, high = selectivity.bootstrap_csi(responses, *rest, 30, rng)
    null = selectivity.shuffle_csi(responses, *rest, 30, rng)
    wanted = {
        "csi_low": low,
        "csi_high": high,
        "csi_null": null.mean,
        "csi_null_high": null.high,
        "selective_p": selectivity.selectivity_test(responses, *rest),
        "lifetime_sparseness": selectivity.treves_rolls(responses, axis=0),
        "hoyer_sparseness": selectivity.hoyer(responses, axis=0),
        "d_prime": selectivity.d_prime(responses, *rest),
        "auc": selectivity.auc(responses, *rest),
        "mutual_information": selectivity.mutual_information(responses, LABELS, CLASSES),
    }
    for name, values in wanted.items():
        # neuron 3 has 19 responses: too few
        values[3] = np.nan
        assert np.array_equal(found[name], values, equal_nan=True), name
    assert found["mutual_information_null"][4:].mean() < found["mutual_information"][4:].mean()


@settings(deadline=None, max_examples=40)
@given(
    images=st.integers(0, 60),
    classes=st.integers(1, 5),
    share=st.floats(0, 1),
    levels=st.integers(1, 20),
    seed=st.integers(0, 999),
)
def test_measures_stay_in_range_whatever_comes(
    images: int, classes: int, share: float, levels: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, images)
    first = selectivity.halves(labels, seed)
    answers = rng.integers(0, levels + 1, (images, 9)) * (rng.random((images, 9)) < share)
    responses = (answers / levels).astype(np.float32)
    responses[:, 0], responses[:, 1] = 0, 1
    before = responses.copy()
    found = selectivity.measure(responses, labels, first, classes, draws=5, rng=rng)
    for name, (low, high) in RANGES.items():
        known = found[name][~np.isnan(found[name])]
        assert ((low <= known) & (known <= high)).all(), name
    for name in set(NAMES) - {"preferred_class"}:
        assert np.isnan(found[name][0]), name
        assert not np.isinf(found[name]).any(), name
    together = selectivity.population(responses, labels, classes)
    assert together["active_neurons"] == np.count_nonzero(responses.any(axis=0))
    assert np.array_equal(responses, before)


def test_no_neurons_have_no_measures() -> None:
    found = selectivity.measure(
        np.zeros((1000, 0), np.float32),
        LABELS,
        FIRST,
        CLASSES,
        draws=5,
        rng=np.random.default_rng(0),
    )
    assert {values.shape for values in found.values()} == {(0,)}


def test_population_is_of_active_neurons() -> None:
    rng = np.random.default_rng(0)
    responses = rng.random((1000, 20)).astype(np.float32)
    wanted = {
        "population_sparseness": selectivity.treves_rolls(responses, axis=1).mean(),
        "signal_correlation": selectivity.signal_correlation(
            selectivity.class_means(responses, LABELS, CLASSES)
        ),
        "dimensionality": selectivity.dimensionality(responses),
        "active_neurons": 20,
    }
    idle = np.zeros((1000, 5), np.float32)
    for each in (responses, np.concatenate([responses, idle], axis=1)):
        assert selectivity.population(each, LABELS, CLASSES) == pytest.approx(wanted)


def test_images_that_drive_no_neuron_have_no_sparseness() -> None:
    responses = np.array([[0.5, 0], [0.2, 0.2], [0, 0], [0, 0]], np.float32)
    found = selectivity.population(responses, np.array([0, 1, 0, 1]), 2)
    # 1 for the first image and 0 for the second
    assert found["population_sparseness"] == pytest.approx(0.5)


def test_a_silent_layer_counts_none() -> None:
    found = selectivity.population(np.zeros((1000, 3), np.float32), LABELS, CLASSES)
    assert found.pop("active_neurons") == 0
    assert all(np.isnan(value) for value in found.values())


def test_a_layer_with_negative_responses_has_no_sparseness_of_its_population() -> None:
    responses = np.random.default_rng(0).random((1000, 5)).astype(np.float32)
    responses[0, 0] = -0.1
    population = selectivity.population(responses, LABELS, CLASSES)
    assert np.isnan(population.pop("population_sparseness"))
    assert all(np.isfinite(value) for value in population.values())


def test_a_layer_whose_responses_may_be_negative_has_no_shares_of_sums() -> None:
    responses = np.random.default_rng(0).random((1000, 5)).astype(np.float32)
    plain, signed = (
        selectivity.measure(
            responses,
            LABELS,
            FIRST,
            CLASSES,
            draws=5,
            rng=np.random.default_rng(0),
            signed=signed,
        )
        for signed in (False, True)
    )
    shares = {"class_selectivity_index", "lifetime_sparseness", "hoyer_sparseness"}
    shares |= {"csi_low", "csi_high", "csi_null", "csi_null_high"}
    for name, values in plain.items():
        if name in shares:
            assert np.isfinite(values).all()
            assert np.isnan(signed[name]).all()
        else:
            assert np.array_equal(signed[name], values, equal_nan=True), name
    population = selectivity.population(responses, LABELS, CLASSES, signed=True)
    assert np.isnan(population.pop("population_sparseness"))
    assert np.isfinite(list(population.values())).all()
