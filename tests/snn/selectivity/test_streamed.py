from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.selectivity import (
    StreamedTuning,
    active_images,
    class_means,
    half_means,
    halves,
)

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 103)
# spike rates of 25 steps: many are equal, so that the order of equals shows
RESPONSES = (RNG.integers(0, 4, (103, 7)) / 25).astype(np.float32)
FIRST = halves(LABELS)
PLACES = np.array([0, 9, 10, 55, 102])


def streamed(step: int) -> StreamedTuning:
    tuning = StreamedTuning(LABELS, FIRST, 4, 7, best=5, singles=PLACES)
    for start in range(0, 103, step):
        tuning.add(RESPONSES[start : start + step])
    return tuning


@pytest.mark.parametrize("step", [1, 3, 10, 102, 103])
def test_a_stream_gives_what_all_responses_at_once_give(step: int) -> None:
    tuning = streamed(step)
    np.testing.assert_array_equal(
        tuning.means().astype(np.float32), class_means(RESPONSES, LABELS, 4).astype(np.float32)
    )
    np.testing.assert_array_equal(
        tuning.half_means().astype(np.float32),
        half_means(RESPONSES, LABELS, FIRST, 4).astype(np.float32),
    )
    np.testing.assert_array_equal(tuning.active, active_images(RESPONSES))
    order = np.argsort(-RESPONSES, axis=0, kind="stable")[:5].T
    np.testing.assert_array_equal(tuning.best.images, order)
    np.testing.assert_array_equal(
        tuning.best.responses, np.take_along_axis(RESPONSES.T, order, axis=1)
    )
    np.testing.assert_array_equal(tuning.singles, RESPONSES[PLACES])


def test_one_piece_is_the_same_to_the_last_bit() -> None:
    tuning = streamed(103)
    np.testing.assert_array_equal(tuning.means(), class_means(RESPONSES, LABELS, 4))
    np.testing.assert_array_equal(tuning.half_means(), half_means(RESPONSES, LABELS, FIRST, 4))


def test_few_images_and_a_class_without_any() -> None:
    tuning = StreamedTuning(np.array([0, 2]), np.array([True, False]), 3, 2)
    tuning.add(np.array([[0, 1], [1, 0]], np.float32))
    assert tuning.best.images.tolist() == [[1, 0], [0, 1]]
    assert np.isnan(tuning.means()[:, 1]).all()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="boolean mask"):
        StreamedTuning(LABELS, FIRST[:5], 4, 7)
    with pytest.raises(ValueError, match="do not fit"):
        streamed(50).add(RESPONSES[:1])
