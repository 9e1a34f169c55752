"""Small pictures are lossless and of whole pixels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spikeatlas.tasks.report.pictures import (
    bars,
    data_uri,
    film_strips,
    frame_rows,
    picture_shape,
    pictured,
    short_names,
    side,
    strip_side,
    strip_width,
)
from tests.tasks.report.synthetic import (
    decoded,
)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_lossless_and_of_their_own_size(channels: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (channels, 9, 9)).astype(np.uint8)
    np.testing.assert_array_equal(decoded(f'src="{data_uri(image)}"'), image)


@pytest.mark.parametrize(
    ("size", "expected"), [(8, 56), (16, 64), (28, 56), (32, 64), (64, 64), (96, 96), (224, 112)]
)
def test_pictures_take_whole_screen_pixels(size: int, expected: int) -> None:
    assert side(size) == expected


def test_short_names() -> None:
    assert short_names(["Trouser", "Bag", "Coat", "T-shirt/top"]) == ["Tro", "Bag", "Coat", "T-s"]
    assert short_names(["cardoon", "cards"]) == ["0", "1"]
    assert short_names(["sandal", "sandy", "sand"]) == ["0", "1", "2"]
    assert short_names(["shell", "shelf", "sun"]) == ["0", "1", "2"]
    assert short_names(["shoe", "shirt"]) == ["shoe", "shi"]


def test_bars_of_negative_responses_hang_from_the_line_of_zero() -> None:
    drawing = bars(np.array([-3.0, 1.0, np.nan]), 1, "tuning")
    heights = [float(height) for height in re.findall(r"v(-?[\d.]+)h", drawing)]
    assert sorted(heights) == pytest.approx([-10.8, 0, 32.2], abs=0.06)
    assert len(re.findall(r"M0 11\.[78]v", drawing)) == 1  # three parts of four lie below the line


def test_bars_of_responses_that_are_all_negative_hang_from_the_top() -> None:
    drawing = bars(np.array([-3.0, -1.0]), -1, "tuning")
    assert [float(height) for height in re.findall(r"v(-?[\d.]+)h", drawing)] == pytest.approx(
        [43, 14.3], abs=0.06
    )


def test_a_film_strip_holds_the_frames_from_left_to_right() -> None:
    images = np.arange(2 * 3 * 4 * 4, dtype=np.uint8).reshape(2, 3, 1, 4, 4)
    strips = film_strips(images)
    assert strips.shape == (2, 1, 4, strip_width(4, 3))
    for frame in range(3):
        np.testing.assert_array_equal(strips[..., 5 * frame : 5 * frame + 4], images[:, frame])
    assert (strips[..., 4::5] == 255).all()
    assert strip_side(4, 3) % strip_width(4, 3) == 0


@pytest.mark.parametrize("size", [6, 28, 64, 224])
def test_a_strip_fits_a_phone(size: int) -> None:
    assert 100 < strip_side(size, 20) <= 330


@pytest.mark.parametrize(
    ("frames", "rows"), [(1, [0]), (5, [0, 1, 2, 3, 4]), (20, [0, 5, 10, 14, 19])]
)
def test_a_strip_has_few_frames_first_and_last_among_them(frames: int, rows: list[int]) -> None:
    assert frame_rows(frames) == rows


def test_numbers_in_a_row_are_bars() -> None:
    stimuli = np.array([[0, 255, 102], [255, 0, 51]], np.uint8)[:, None, None]
    pictures = pictured(stimuli)
    assert pictures.shape == (2, *picture_shape((1, 1, 3))) == (2, 1, 28, 28)
    # the middle column of each bar
    heights = (pictures[:, 0, :, 5::9] < 255).sum(1)
    assert heights.tolist() == [[1, 28, 12], [28, 1, 6]]
    assert (pictures[:, 0, :, ::9] == 255).all()
    np.testing.assert_array_equal(decoded(f'src="{data_uri(stimuli[0])}"'), pictures[0])


def test_pictures_stay_as_they_are() -> None:
    images = np.zeros((2, 3, 4, 4), np.uint8)
    assert pictured(images) is images
    assert picture_shape((3, 4, 4)) == (3, 4, 4)
