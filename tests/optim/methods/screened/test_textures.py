"""Textures: noise, palettes and tilings in the shares that are promised, all points of the space."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace
from spikeatlas.optim.methods.screened.textures import WOVEN_FROM, draw_textures, grid_of, weave
from tests.optim.cases import Array, Chain, chained

MANY = CodeSpace(64, 10**9)  # so many codes that noise never repeats one


def periodic(point: Array) -> bool:
    """Tell if an 8 x 8 image repeats a tile of at most 4 x 4."""
    image = point.reshape(8, 8)
    return any(
        (image == np.tile(image[:high, :wide], (8, 8))[:8, :8]).all()
        for high in range(1, 5)
        for wide in range(1, 5)
    )


@pytest.mark.parametrize(
    ("positions", "grid"),
    [(64, (8, 8)), (16, (4, 4)), (12, (3, 4)), (7, (1, 7)), (2, (1, 2)), (1, (1, 1))],
)
def test_the_grid_is_the_squarest(positions: int, grid: tuple[int, int]) -> None:
    assert grid_of(CodeSpace(positions, 2)) == grid


@pytest.mark.parametrize("positions", [64, 12, 7, 1])
@pytest.mark.parametrize("codes", [2, 5, 512])
def test_points_are_in_the_space(positions: int, codes: int) -> None:
    space = CodeSpace(positions, codes)
    points = draw_textures(space, np.random.default_rng(1), 500)
    assert points.shape == (500, positions)
    assert points.dtype == np.int64
    assert space.contains(points).all()
    assert positions < 64 or len(np.unique(points)) == codes


def test_a_quarter_is_noise_a_quarter_palettes_half_tiled() -> None:
    points = draw_textures(MANY, np.random.default_rng(2), 2000)
    colours = np.array([len(np.unique(point)) for point in points])
    tiled = np.array([periodic(point) for point in points])
    noise = colours == 64
    palettes = colours[~noise & ~tiled]
    assert abs(noise.mean() - 1 / 4) < 0.04
    assert abs(tiled.mean() - (1 / 2 + 1 / 16)) < 0.04  # a palette of one code is a tiling
    assert abs(len(palettes) / 2000 - 3 / 16) < 0.04
    assert palettes.max() == 8
    for colour in (2, 4):
        assert (palettes == colour).mean() > 0.25
    assert set(colours[tiled]) == {h * w for h in range(1, 5) for w in range(1, 5)}


def test_the_largest_uniform_numbers_are_of_the_space() -> None:
    space, last = CodeSpace(12, 5), np.nextafter(1, 0)
    for kind in (0.0, last):
        scalar = np.full((1, WOVEN_FROM), last)
        scalar[:, 3] = kind
        for choices in (12, 16):
            woven = weave(space, scalar, np.full((1, 12), last), np.full((1, choices), last))
            assert (woven == 4).all()


def test_the_same_generator_draws_the_same() -> None:
    one, two, other = (draw_textures(MANY, np.random.default_rng(s), 50) for s in (3, 3, 4))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_the_noise_is_of_the_prior_where_there_is_one() -> None:
    space = CodeSpace(64, 1000, prior=Chain(64, 1000))
    points = draw_textures(space, np.random.default_rng(2), 2000)
    bare = draw_textures(CodeSpace(64, 1000), np.random.default_rng(2), 2000)
    typical = chained(points, 1000) > 0.6
    assert space.contains(points).all()
    assert abs(typical.mean() - 1 / 4) < 0.04
    assert np.array_equal(points[~typical], bare[~typical])
    assert not (chained(bare, 1000) > 0.6).any()


def test_without_a_prior_nothing_has_changed() -> None:
    points = draw_textures(CodeSpace(16, 32), np.random.default_rng(3), 200)
    digest = hashlib.sha256(points.astype("<i8").tobytes()).hexdigest()
    assert digest.startswith("f62390c912afe60a")
