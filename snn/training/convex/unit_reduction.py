"""Reduction of a threshold network: as few units as its patterns' rank, with the same predictions."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from spikeatlas.snn.training.convex.arrangement import Patterns
from spikeatlas.snn.training.convex.pattern_lasso import Weights


def reduce_units(patterns: Patterns, weights: Weights) -> Weights:
    """Return weights (P,) of the same predictions on the points, no larger sum of sizes, and at most n units.

    Caratheodory's argument: while the patterns (n, P) of units in use depend on each other, weights move along the
    dependence until the first is 0, the way in which their sum of sizes does not grow.
    """
    units = np.flatnonzero(weights)
    sizes = weights[units].copy()
    # sums of units that are 0 on every point
    free = scipy.linalg.null_space(patterns[:, units].astype(np.float64))
    while free.shape[1]:
        direction, free = free[:, 0], free[:, 1:]
        if np.sign(sizes) @ direction > 0:
            direction = -direction
        unit, step = _first_to_go(sizes, direction)
        sizes += step * direction
        # the other ways to move leave that unit at 0 from now on
        free = free - np.outer(direction, free[unit] / direction[unit])
        sizes[unit], free[unit] = 0.0, 0.0
    reduced = np.zeros_like(weights)
    reduced[units] = sizes
    return reduced


def _first_to_go(sizes: NDArray[np.float64], direction: NDArray[np.float64]) -> tuple[int, float]:
    """Return the unit that reaches 0 first, and after how long a step."""
    falling = sizes * direction < 0
    steps = np.where(falling, np.abs(sizes), np.inf) / np.where(falling, np.abs(direction), 1.0)
    unit = int(np.argmin(steps))
    return unit, float(steps[unit])
