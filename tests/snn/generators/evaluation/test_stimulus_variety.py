from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.generators import Adapter, CodeLatent, GaussianLatent
from spikeatlas.snn.generators.adapter import AdaptedGenerator
from spikeatlas.snn.generators.evaluation import StimulusVariety, measure_variety
from spikeatlas.snn.generators.latent import Latent, Points

DATA = load_data(Digits(limit=60))
RNG = np.random.default_rng(0)
WELL = StimulusVariety(draws=64, images=60.0, spread=0.4, reconstruction_error=None)


def variety(
    decode: Callable[[Tensor], Tensor],
    latent: Latent,
    encode: Callable[[Tensor], Tensor] | None = None,
) -> StimulusVariety:
    model = AdaptedGenerator(Adapter(decode, latent, (1, 8, 8), encode=encode))
    codes = isinstance(latent, CodeLatent)
    shape = (64, latent.size)
    points: Points = RNG.integers(0, 2, shape) if codes else RNG.normal(size=shape).astype("f4")
    return measure_variety(model, points, DATA.train.images, DATA.test.images)


def test_a_generator_of_many_images_is_well() -> None:
    measure = variety(lambda points: points.abs().reshape(-1, 1, 8, 8) / 3, GaussianLatent(64))
    assert measure.images == pytest.approx(64)
    assert 0.3 < measure.spread < 3
    assert (measure.collapsed, measure.problem, measure.doubt) == (False, None, None)


@pytest.mark.parametrize("images", [1, 2])
def test_one_or_two_images_are_a_collapse(images: int) -> None:
    def decode(points: Tensor) -> Tensor:
        which = (points[:, 0] > 0).float() * (images - 1)
        return which[:, None, None, None].expand(-1, 1, 8, 8)

    measure = variety(decode, GaussianLatent(8))
    assert round(measure.images) == images
    plural = "" if images == 1 else "s"
    assert measure.problem is not None
    assert measure.problem.endswith(f"of 64 latents it makes only {images} different image{plural}")


def test_a_rare_other_image_does_not_save_it() -> None:
    measure = variety(lambda points: (points[:, :1, None, None] > 2).float().expand(-1, 1, 8, 8), GaussianLatent(8))  # fmt: skip
    assert 1 <= measure.images < 3
    assert measure.collapsed


def test_images_that_nobody_can_tell_apart_are_a_collapse() -> None:
    measure = variety(lambda points: 0.5 + points.reshape(-1, 1, 8, 8) / 500, GaussianLatent(64))
    assert measure.images > 3
    assert measure.problem is not None
    assert measure.problem.endswith("it makes nearly the same image again and again")


def test_a_space_of_few_points_has_no_more_images() -> None:
    measure = variety(
        lambda points: points[:, :1, None, None].float().expand(-1, 1, 8, 8), CodeLatent(1, 2, None)
    )
    assert not measure.collapsed
    assert variety(
        lambda points: torch.zeros(len(points), 1, 8, 8), CodeLatent(1, 2, None)
    ).collapsed


def test_the_error_of_copies_is_that_of_test_images() -> None:
    decode = lambda points: points.reshape(-1, 1, 8, 8)
    perfect = variety(decode, GaussianLatent(64), encode=lambda images: images.flatten(1))
    assert perfect.reconstruction_error == 0
    assert perfect.doubt is None
    inverse = variety(decode, GaussianLatent(64), encode=lambda images: 1 - images.flatten(1))
    assert inverse.reconstruction_error is not None
    assert inverse.reconstruction_error > 1
    assert inverse.doubt is not None
    assert inverse.doubt.startswith("the generator copies test images worse than one mean grey")
    assert not inverse.collapsed


def test_a_doubt_is_no_problem() -> None:
    assert dataclasses.replace(WELL, reconstruction_error=1.0).doubt is None
    assert dataclasses.replace(WELL, reconstruction_error=1.7).problem is None
