"""Hyperplane arrangements: which of some points each of many threshold units is on for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(n, d + 1), the last column all ones, so that a plane need not go through 0."""
Planes = NDArray[np.float64]
"""(P, d + 1), one a unit, which is on for the points whose product with it is not negative."""
Patterns = NDArray[np.bool_]
"""(n, P): True where a point turns a unit on."""

_ROUNDS = 64
"""Times that as many planes are drawn as are asked for."""


def with_ones(features: NDArray[np.float64]) -> Points:
    """Points (n, d + 1) of features (n, d)."""
    return np.column_stack([features, np.ones(len(features))])


def patterns(points: Points, planes: Planes) -> Patterns:
    """Return which points turn which units on."""
    on: Patterns = points @ planes.T >= 0
    return on


def sample_planes(points: Points, count: int, seed: int) -> Planes:
    """Draw planes from N(0, I) whose patterns on ``points`` are all different, and none of them empty.

    At most ``count``; fewer where 64 times as many draws have no more patterns. A problem over them is one over the
    patterns that were drawn, not over all there are: of the latter there may be 2 sum_k<r C(n - 1, k), for points of rank
    r (Ergen et al. 2023, arXiv 2303.03382).
    """
    planes = islice(_different(points, count, seed), count)
    return np.array(list(planes)).reshape(-1, points.shape[1])


def _different(points: Points, count: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield planes as they are drawn, each pattern's first."""
    random = np.random.default_rng(seed)
    silence = np.packbits(np.zeros(len(points), np.bool_)).tobytes()
    patterns_before = {silence}
    for _ in range(_ROUNDS):
        draws = random.standard_normal((count, points.shape[1]))
        for plane, row in zip(draws, np.packbits(patterns(points, draws).T, axis=1), strict=True):
            pattern = row.tobytes()
            if pattern not in patterns_before:
                patterns_before.add(pattern)
                yield plane
