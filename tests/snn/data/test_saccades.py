"""Sequences made of still images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from spikeatlas.snn.data import DATASETS, DataSet, Digits, Saccades, load_data, sequence_problem


def load(**fields: Any) -> DataSet:
    return load_data(DATASETS.read({"dataset": "saccades", "limit": 40, **fields}))


def corner(frame: np.ndarray, image: np.ndarray) -> set[tuple[int, int]]:
    """Where in an image (c, h, w) a frame (c, side, side) may be from."""
    side, room = frame.shape[-1], image.shape[-1] - frame.shape[-1] + 1
    return {
        (row, column)
        for row in range(room)
        for column in range(room)
        if np.array_equal(image[:, row : row + side, column : column + side], frame)
    }


@pytest.mark.parametrize("motion", ["jump", "drift"])
def test_frames_are_windows_of_the_images(motion: str) -> None:
    data, still = load(frames=6, fixation=3, motion=motion), load_data(Digits(limit=40))

    assert data.train.images.shape == (40, 6, 1, 6, 6)
    assert data.train.images.dtype == np.uint8
    assert (data.shape, data.frames, data.size, data.channels) == ((1, 6, 6), 6, 6, 1)
    np.testing.assert_array_equal(data.train.labels, still.train.labels)
    assert data.classes == still.classes
    for sequence, image in zip(data.test.images, still.test.images, strict=True):
        assert all(corner(frame, image) for frame in sequence)


def test_a_jump_rests_between_points_and_a_drift_moves_on() -> None:
    jumps = load(frames=8, fixation=4, window=3, motion="jump").train.images
    drifts = load(frames=8, fixation=4, window=3, motion="drift").train.images
    moves = [(images[:, 1:] != images[:, :-1]).any((2, 3, 4)).mean(0) for images in (jumps, drifts)]

    assert moves[0][[0, 1, 2, 4, 5, 6]].max() == 0
    assert moves[0][3] > 0.5
    assert moves[1].min() > 0.1
    # both begin at the same points
    np.testing.assert_array_equal(jumps[:, [0, 4]], drifts[:, [0, 4]])


def test_they_are_the_same_at_every_call() -> None:
    assert load().digest() == load().digest()
    assert load(seed=1).digest() != load().digest()
    # a sequence does not depend on how many there are
    np.testing.assert_array_equal(load(limit=10).train.images[0], load(limit=None).train.images[0])


def test_a_whole_window_shows_the_image_at_every_frame() -> None:
    data, still = load(window=8, frames=3), load_data(Digits(limit=40))

    for frame in range(3):
        np.testing.assert_array_equal(data.train.images[:, frame], still.train.images)


def test_what_cannot_be_looked_at() -> None:
    with pytest.raises(ValueError, match=r"window is 9, but the images of digits have 8 .* 1 to 8"):
        load(window=9)
    for fields in ({"frames": 0}, {"motion": "blink"}, {"of": "saccades"}, {"fixation": 0}):
        with pytest.raises(ValidationError):
            load(**fields)
    assert Saccades(download=True).offline().download is False


def test_what_takes_still_images_says_so() -> None:
    assert sequence_problem(load_data(Digits(limit=40)), "a search") is None
    assert sequence_problem(load(), "a search") == (
        "the data are sequences of 8 frames, but a search takes still images: leave it out, or choose a data set of "
        "still images."
    )
