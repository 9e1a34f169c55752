from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import mutual_info_score

from spikeatlas.snn.selectivity import mutual_information
from spikeatlas.snn.selectivity.information import information, rank_bins
from tests.snn.selectivity.planted import (
    CLASSES,
    FLAT,
    LABELS,
    ONE_CLASS,
    SATURATED,
    SILENT,
    gaussian_neurons,
    plain_neurons,
    sparse_noise,
)

RNG = np.random.default_rng(0)


def entropy(*shares: float) -> float:
    return -sum(share * np.log2(share) for share in shares if share > 0)


def test_plain_neurons() -> None:
    found = mutual_information(plain_neurons(), LABELS, CLASSES)
    assert found[[SILENT, FLAT, SATURATED]] == pytest.approx(0, abs=1e-12)
    # one against the rest; 10 occupied cells, 2 bins and 10 classes: 1 / (2 n ln 2) is added
    assert entropy(0.1, 0.9) == pytest.approx(0.469, abs=1e-4)
    assert found[ONE_CLASS] == pytest.approx(entropy(0.1, 0.9) + 1 / (2000 * np.log(2)))


def test_a_level_for_each_class_tells_the_class() -> None:
    labels = np.arange(800) % 8
    responses = (labels / 10)[:, None]
    assert mutual_information(responses, labels, 8)[0] == pytest.approx(3 + 7 / (1600 * np.log(2)))
    # four bins hold two bits
    assert mutual_information(responses, labels, 8, bins=4)[0] == pytest.approx(
        entropy(1 / 8, 2 / 8, 2 / 8, 3 / 8), abs=0.01
    )


def test_gaussian_neurons_have_the_information_of_their_binned_channel() -> None:
    edges = np.linspace(-6, 8, 200_001)
    mixed = 0.9 * norm.cdf(edges) + 0.1 * norm.cdf(edges - 2)
    limits = np.interp(np.arange(1, 7) / 7, mixed, edges)
    shares = [np.diff(norm.cdf(limits - shift), prepend=0, append=1) for shift in (0, 2)]
    wanted = np.log2(7) - 0.9 * entropy(*shares[0]) - 0.1 * entropy(*shares[1])
    found = mutual_information(gaussian_neurons(2.0), LABELS, CLASSES)
    # the plug-in estimate is 0.04 too high
    assert found.mean() == pytest.approx(wanted, abs=0.004)


def test_noise_carries_no_information() -> None:
    for name, responses in sparse_noise(1000, 500).items():
        found = mutual_information(responses, LABELS, CLASSES)
        # the plug-in estimate is up to 0.05; with two images a cell more of that is left
        left = 0.015 if name == "thresholded" else 0.004
        assert -0.002 < found.mean() < left, name


def test_plug_in_and_correction_equal_a_plain_computation() -> None:
    labels = RNG.integers(0, 5, 90)
    binned = RNG.integers(0, 4, (90, 12)).astype(np.uint8)
    binned[:, 0] = 2
    found = information(binned, labels, 7)
    for neuron, bins in enumerate(binned.T):
        cells = len(set(zip(bins.tolist(), labels.tolist(), strict=True)))
        bias = (cells - len(set(bins.tolist())) - 5 + 1) / (180 * np.log(2))
        wanted = mutual_info_score(bins, labels) / np.log(2) - bias
        assert found[neuron] == pytest.approx(wanted, abs=1e-12)


def test_bins_are_equally_filled() -> None:
    responses = RNG.random((1000, 20))
    responses[:300, :5] = 0
    binned = rank_bins(responses, bins=8)
    for neuron in range(20):
        zeros = 300 if neuron < 5 else 0
        filled = np.bincount(binned[:, neuron], minlength=8)
        assert filled[0] == zeros
        assert np.abs(filled[1:] - (1000 - zeros) / 7).max() <= 2
        # bins follow the responses
        assert (np.diff(binned[np.argsort(responses[:, neuron]), neuron].astype(int)) >= 0).all()


def test_equal_responses_share_a_bin_and_zero_has_its_own() -> None:
    responses = RNG.integers(0, 5, (500, 30)) / 16
    binned = rank_bins(responses)
    for neuron in range(30):
        for level in np.unique(responses):
            assert len(np.unique(binned[responses[:, neuron] == level, neuron])) == 1
        assert np.array_equal(binned[:, neuron] == 0, responses[:, neuron] == 0)


@pytest.mark.parametrize("rare", [0.1, 0.9])
def test_rare_responses_keep_apart_from_a_common_one(rare: float) -> None:
    responses = np.full((100, 1), 0.5)
    responses[:5] = rare
    assert len(np.unique(rank_bins(responses))) == 2


def test_a_number_of_bins_that_leaves_none_to_responses_is_refused() -> None:
    for bins in (1, 129):
        with pytest.raises(ValueError, match=rf"bins is {bins}: it must be 2\.\.128"):
            rank_bins(np.ones((4, 2)), bins)


def test_no_images_tell_nothing() -> None:
    found = mutual_information(np.ones((0, 3), np.float32), np.zeros(0, np.int64), 4)
    assert np.isnan(found).tolist() == [True] * 3


def test_responses_of_both_signs_are_ranked_as_others() -> None:
    responses = RNG.normal(size=(1000, 10))
    responses[:300, :5] = 0
    binned = rank_bins(responses)
    # as responses of one sign in the same order, zeros beside
    assert np.array_equal(binned, rank_bins(np.where(responses == 0, 0, np.exp(responses))))
    for neuron in range(10):
        filled = np.bincount(binned[:, neuron], minlength=8)
        assert filled[0] == (300 if neuron < 5 else 0)
        assert np.ptp(filled[1:]) <= 2
