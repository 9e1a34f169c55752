"""The contract of a space: its prior, its grid and its errors, whatever the latents."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.optim import Space
from spikeatlas.optim.spaces import SPACES as TABLE
from tests.optim.cases import SPACES

GRIDS = [space for space in SPACES.values() if space.levels]


def test_every_kind_of_space_is_tested() -> None:
    assert {type(space) for space in SPACES.values()} == set(TABLE.values())


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
