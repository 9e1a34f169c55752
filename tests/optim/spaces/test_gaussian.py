"""Gaussian latents: grids, priors, nearest points and errors."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace
from spikeatlas.optim.spaces import gaussian_problems


def test_quantile_grid_stands_at_quantiles() -> None:
    values = GaussianSpace(1, 4).values
    expected = [NormalDist().inv_cdf(p) for p in (0.125, 0.375, 0.625, 0.875)]
    assert np.allclose(values, expected)
    assert values.dtype == np.float32


def test_quantile_prior_is_uniform_over_levels() -> None:
    space = GaussianSpace(5, 8)
    counts = np.bincount(space.to_indices(space.sample(np.random.default_rng(0), 4000)).ravel())
    assert np.abs(counts / counts.sum() - 1 / 8).max() < 0.01


def test_uniform_grid_has_equal_steps_and_a_rounded_normal_prior() -> None:
    space = GaussianSpace(5, 9, span=2.0, grid="uniform")
    assert np.array_equal(space.values, np.linspace(-2, 2, 9, dtype=np.float32))
    counts = np.bincount(space.to_indices(space.sample(np.random.default_rng(0), 20_000)).ravel())
    edges = [0.0, *(NormalDist().cdf(x) for x in np.arange(-1.75, 2, 0.5)), 1.0]
    assert np.abs(counts / counts.sum() - np.diff(edges)).max() < 0.01


def test_continuous_prior_is_normal() -> None:
    points = GaussianSpace(10, None).sample(np.random.default_rng(0), 5000)
    assert abs(points.mean()) < 0.01
    assert abs(points.std() - 1) < 0.01


def test_a_continuous_space_has_no_grid() -> None:
    with pytest.raises(ValueError, match="set levels"):
        GaussianSpace(2, None).from_indices(np.zeros((1, 2), dtype=np.int64))


@pytest.mark.parametrize("space", [GaussianSpace(6, 8), GaussianSpace(6, None, shell="ball")])
def test_nearest_points_whatever_the_axes(space: GaussianSpace) -> None:
    vectors = np.random.default_rng(0).standard_normal((3, 5, 6)) * 3
    points = space.nearest(vectors)
    assert points.shape == vectors.shape
    assert points.dtype == np.float32
    assert space.contains(points.reshape(-1, 6)).all()
    assert np.array_equal(points.reshape(-1, 6), space.nearest(vectors.reshape(-1, 6)))
    assert np.allclose(space.nearest(points.astype(np.float64)), points)


def test_points_outside_the_space() -> None:
    grid, free = GaussianSpace(2, 4), GaussianSpace(2, None)
    off = grid.values[[0, 1]] + np.float32(0.01)
    assert grid.contains(np.stack([grid.values[[0, 3]], off])).tolist() == [True, False]
    assert grid.contains(np.full((1, 2), np.nan, np.float32)).tolist() == [False]
    assert free.contains(np.array([[9, 9], [np.inf, 0]], np.float32)).tolist() == [True, False]


def test_a_search_along_gaussian_axes_refuses_other_spaces() -> None:
    assert gaussian_problems(GaussianSpace(2), "CMA-ES") == []
    (problem,) = gaussian_problems(CodeSpace(2, 4), "CMA-ES")
    assert problem.startswith("the space is a CodeSpace, but CMA-ES moves along the axes of a Gaus")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"dim": 0}, "dim is 0"),
        ({"dim": 2, "levels": 1}, "levels is 1"),
        ({"dim": 2, "levels": 2.5}, "levels is 2.5"),
        ({"dim": 2, "span": 0.0}, "span is 0.0"),
        ({"dim": 2, "span": float("inf")}, "span is inf"),
        ({"dim": 2, "grid": "log"}, "grid is 'log'"),
    ],
)
def test_impossible_spaces(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        GaussianSpace(**values)
