from __future__ import annotations

import numpy as np

from spikeatlas.snn.training.convex import patterns, sample_planes, with_ones
from tests.snn.training.convex.problems import all_patterns, crosswise


def test_planes_have_patterns_of_their_own() -> None:
    points, _ = crosswise(12, seed=0)
    planes = sample_planes(points, 40, seed=1)

    drawn = patterns(points, planes)
    assert planes.shape == (40, 3)
    assert len(np.unique(drawn, axis=1).T) == 40
    assert drawn.any(0).all()


def test_many_draws_have_every_pattern_there_is() -> None:
    points, _ = crosswise(6, seed=0)
    every = all_patterns(points)
    # 2 sum_k<3 C(5, k), less the empty one
    assert every.shape == (6, 31)

    drawn = patterns(points, sample_planes(points, 4000, seed=0))
    assert {row.tobytes() for row in drawn.T} == {row.tobytes() for row in every.T}


def test_planes_derive_from_the_seed_alone() -> None:
    points = with_ones(np.random.default_rng(0).standard_normal((50, 4)))
    first = sample_planes(points, 30, seed=7)
    np.random.default_rng().random()
    assert np.array_equal(first, sample_planes(points, 30, seed=7))
    assert not np.array_equal(first, sample_planes(points, 30, seed=8))
