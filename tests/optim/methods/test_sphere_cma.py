"""Spherical CMA: the sphere, the decay of the spread, the mean's moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, make_maximizer
from spikeatlas.optim.methods.sphere_cma import SphereCMA, SphereCMAOptions
from spikeatlas.optim.types import Problem
from tests.optim.cases import gains, joined, run

SPACE = GaussianSpace(64, None)


def sphere(*seeds: int, budget: int = 400, **options: Any) -> SphereCMA:
    return SphereCMA(Problem(SPACE, seeds, budget), SphereCMAOptions(**options))


def test_points_lie_on_the_sphere_of_the_prior() -> None:
    batch, _ = joined(run(sphere(1, 2), lambda points: points[:, :2]))
    assert np.allclose(np.linalg.norm(batch.points, axis=1), 8, rtol=1e-6)


def test_the_spread_decays_from_50_to_7_degrees() -> None:
    search = sphere(1, budget=400)
    angles = []
    while not search.done:
        mean = search._walk._mean[0].copy()
        cosine = search.ask().points @ mean / 8
        angles.append(np.degrees(np.arccos(cosine)).mean())
    expected = 50 * (7.3 / 50) ** np.linspace(0, 1, 10)
    assert np.allclose(angles, expected, rtol=0.04)


def test_one_generation_only_is_wide() -> None:
    search = sphere(1, budget=41, batch=40)
    assert np.isclose(np.degrees(search._walk.spread(search.passed)), 50)
    search.ask()
    assert np.isclose(np.degrees(search._walk.spread(search.passed)), 7.3)


def test_the_mean_moves_beyond_the_better_points() -> None:
    search = sphere(1, stride=1.5)
    straight = sphere(1, stride=1)
    before = search._walk._mean[0].copy()
    for one in (search, straight):
        batch = one.ask()
        one.tell(batch, batch.points[:, :1])
    there, beyond = straight._walk._mean[0], search._walk._mean[0]
    assert there[0] > before[0]
    arc, longer = np.arccos(before @ there), np.arccos(before @ beyond)
    assert np.isclose(longer, 1.5 * arc)
    assert np.isclose(there @ beyond, np.cos(0.5 * arc))


@pytest.mark.parametrize("response", [0.0, 1.0, np.nan])
def test_a_flat_generation_teaches_nothing(response: float) -> None:
    search = sphere(1, 2)
    before = search._walk._mean.copy()
    search.tell(search.ask(), np.full((80, 2), response))
    assert np.array_equal(search._walk._mean, before)


@pytest.mark.parametrize("grid", ["quantile", "uniform", None])
def test_far_better_than_random_on_planted_neurons(grid: Any) -> None:
    space = GaussianSpace(32, 64, grid=grid) if grid else GaussianSpace(32, None)
    assert (gains("sphere-cma", space, budget=600) > 0.25).all()


def test_two_dimensions() -> None:
    search = make_maximizer("sphere-cma", GaussianSpace(2, None), seeds=[1], budget=200)
    run(search, lambda points: points[:, :1])
    assert search.result().best_response > 1.41


@pytest.mark.parametrize(
    ("space", "options", "words"),
    [
        (CodeSpace(4, 16), {}, "the space is a CodeSpace, but spherical CMA .* say tt or ga"),
        (GaussianSpace(1), {}, "dim is 1, but spherical CMA needs a sphere"),
        (SPACE, {"batch": 1}, "batch is 1"),
        (SPACE, {"widest": 200}, r"widest is 200; it must be an angle in \(0, 180\) degrees"),
        (SPACE, {"narrowest": 0}, "narrowest is 0"),
        (SPACE, {"stride": 0.5}, "stride is 0.5; it must be a number of at least 1"),
    ],
)
def test_wrong_arguments(space: GaussianSpace, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_maximizer("sphere-cma", space, seeds=[1], budget=50, **options)
