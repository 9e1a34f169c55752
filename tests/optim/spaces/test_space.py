"""Spaces: their grids, priors and errors."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, Space
from tests.optim.cases import SPACES, Chain, chained

GRIDS = [space for space in SPACES.values() if space.levels]


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_prior_draws_points_of_the_space(space: Space) -> None:
    points = space.sample(np.random.default_rng(1), 50)
    assert points.shape == (50, space.dim)
    assert points.dtype == space.dtype
    assert space.contains(points).all()
    assert np.array_equal(points, space.sample(np.random.default_rng(1), 50))


@pytest.mark.parametrize("space", GRIDS, ids=str)
def test_indices_and_points_are_inverse(space: Space) -> None:
    indices = np.arange(10 * space.dim, dtype=np.int64).reshape(10, -1) % (space.levels or 1)
    points = space.from_indices(indices)
    assert space.contains(points).all()
    assert np.array_equal(space.to_indices(points), indices)
    assert not np.shares_memory(points, indices)


@pytest.mark.parametrize("space", GRIDS, ids=str)
@pytest.mark.parametrize("wrong", [-1, 64])
def test_indices_outside_the_grid(space: Space, wrong: int) -> None:
    with pytest.raises(ValueError, match=rf"index is {wrong}; it must be a whole number in \[0"):
        space.from_indices(np.full((2, space.dim), wrong))


@pytest.mark.parametrize("space", GRIDS, ids=str)
def test_indices_are_whole(space: Space) -> None:
    with pytest.raises(ValueError, match="of type float64"):
        space.from_indices(np.zeros((2, space.dim)))  # type: ignore[arg-type]


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_points_have_the_space_s_dimension(space: Space) -> None:
    with pytest.raises(ValueError, match=rf"shape \(2, 99\); it must be \(k, {space.dim}\)"):
        space.contains(np.zeros((2, 99), dtype=np.float32))


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


def test_what_is_not_in_the_space() -> None:
    codes, grid, free = CodeSpace(2, 4), GaussianSpace(2, 4), GaussianSpace(2, None)
    assert codes.contains(np.array([[0, 3], [0, 4], [-1, 0]])).tolist() == [True, False, False]
    assert codes.contains(np.array([[0.5, 1], [np.nan, 1]], np.float32)).tolist() == [False] * 2
    off = grid.values[[0, 1]] + np.float32(0.01)
    assert grid.contains(np.stack([grid.values[[0, 3]], off])).tolist() == [True, False]
    assert grid.contains(np.full((1, 2), np.nan, np.float32)).tolist() == [False]
    assert free.contains(np.array([[9, 9], [np.inf, 0]], np.float32)).tolist() == [True, False]


def test_a_continuous_space_has_no_grid() -> None:
    with pytest.raises(ValueError, match="set levels"):
        GaussianSpace(2, None).from_indices(np.zeros((1, 2), dtype=np.int64))


@pytest.mark.parametrize(
    ("space", "values", "words"),
    [
        (CodeSpace, {"positions": 0, "codes": 4}, "positions is 0; .* at least 1"),
        (CodeSpace, {"positions": 4, "codes": 1}, "codes is 1; .* at least 2"),
        (CodeSpace, {"positions": True, "codes": 4}, "positions is True"),
        (CodeSpace, {"positions": 4, "codes": 8, "embedding": np.zeros((7, 2))}, "8 codes"),
        (
            CodeSpace,
            {"positions": 4, "codes": 8, "prior": Chain(4, 9)},
            "prior is of 4 positions and 9 codes; this space has 4 and 8: train it with",
        ),
        (CodeSpace, {"positions": 4, "codes": 8, "prior": Chain(9, 8)}, "prior is of 9 positions"),
        (GaussianSpace, {"dim": 0}, "dim is 0"),
        (GaussianSpace, {"dim": 2, "levels": 1}, "levels is 1"),
        (GaussianSpace, {"dim": 2, "levels": 2.5}, "levels is 2.5"),
        (GaussianSpace, {"dim": 2, "span": 0.0}, "span is 0.0"),
        (GaussianSpace, {"dim": 2, "span": float("inf")}, "span is inf"),
        (GaussianSpace, {"dim": 2, "grid": "log"}, "grid is 'log'"),
    ],
)
def test_impossible_spaces(space: Any, values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        space(**values)


def test_an_embedding_is_carried() -> None:
    embedding = np.ones((8, 2))
    assert CodeSpace(4, 8, embedding).embedding is embedding


def test_codes_are_drawn_from_the_prior_where_there_is_one() -> None:
    bare, known = CodeSpace(16, 32), CodeSpace(16, 32, prior=Chain(16, 32))
    typical, uniform = (space.sample(np.random.default_rng(0), 200) for space in (known, bare))
    assert known.contains(typical).all()
    assert chained(typical, 32).mean() > 0.85
    assert chained(uniform, 32).mean() < 0.1
    assert np.array_equal(
        uniform, np.random.default_rng(0).integers(32, size=(200, 16), dtype=np.int64)
    )
    assert (repr(known), known) == (repr(bare), bare)  # states of searches name the space so
