from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.robustness import Ball, Norm
from spikeatlas.snn.robustness.norm_ball import farthest

RANDOM = np.random.default_rng(0)
CENTRES = RANDOM.integers(0, 256, (40, 3, 5, 5), dtype=np.uint8)


@pytest.mark.parametrize(
    ("norm", "radius"),
    [("linf", 2 / 255), ("linf", 0.1), ("linf", 8 / 255), ("l2", 0.25), ("l2", 0.01), ("l2", 2.0)],
)
def test_rounded_images_are_in_the_ball(norm: Norm, radius: float) -> None:
    ball = Ball(norm, radius)
    far = CENTRES / 255 + RANDOM.standard_normal(CENTRES.shape)

    pixels = ball.project(far, CENTRES)
    images = ball.images(pixels, CENTRES)

    assert 0 <= pixels.min() <= pixels.max() <= 1
    assert images.dtype == np.uint8
    assert farthest(images, CENTRES)[norm] <= radius + 1e-9


def test_the_ball_is_filled() -> None:
    grey = np.full_like(CENTRES, 128)
    signs = np.sign(RANDOM.standard_normal(grey.shape))

    images = Ball("linf", 0.1).images(grey / 255 + 0.1 * signs, grey)
    assert np.array_equal(images, grey + 25 * signs)  # 25.5 grey levels

    # a change within the ball is rounded, and not shortened
    images = Ball("l2", 1.0).images(grey / 255 + signs * 20 / 255 / 5, grey)
    assert np.array_equal(images, grey + 4 * signs)

    directions = RANDOM.standard_normal(grey.shape)
    ball = Ball("l2", 0.5)
    images = ball.images(ball.project(grey / 255 + directions, grey), grey)
    assert farthest(images, grey)["l2"] > 0.49


def test_the_steepest_step_has_length_one() -> None:
    slopes = RANDOM.standard_normal(CENTRES.shape)
    slopes[3] = 0

    step = Ball("l2", 1.0).steepest(slopes)
    lengths = np.linalg.norm(step.reshape(len(step), -1), axis=1)
    assert np.allclose(np.delete(lengths, 3), 1)
    assert not step[3].any()
    assert np.array_equal(Ball("linf", 1.0).steepest(slopes), np.sign(slopes))


def test_no_image_has_no_distance() -> None:
    assert farthest(CENTRES[:0], CENTRES[:0]) == {"linf": 0, "l2": 0}
