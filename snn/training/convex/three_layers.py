"""The closed form of a three-layer threshold network's training, where the first layer tells all points apart.

The least of 1/2 |d - y|^2 + beta (|d+|_inf + |(-d)+|_inf) over all predictions d (n,) is that of the training with weight
decay of the last layer (Ergen et al. 2023, arXiv 2303.03382). Both parts of d are those of y, cut off at a level.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.training.convex.arrangement import Planes, Points, patterns, with_ones

Numbers = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class ThreeLayers:
    """A network sum_k w_k 1[h . v_k >= 0] of a layer h_j = 1[x . u_j >= 0]."""

    first: Planes
    """(m, d + 1)."""
    second: Planes
    """(units, m + 1)."""
    weights: Numbers
    """(units,)."""

    def predict(self, points: Points) -> Numbers:
        """Predictions (n,)."""
        hidden = with_ones(patterns(points, self.first).astype(np.float64))
        predictions: Numbers = patterns(hidden, self.second) @ self.weights
        return predictions


def best_predictions(targets: Numbers, beta: float) -> Numbers:
    """Return the optimal predictions (n,) of targets (n,), for beta > 0."""
    above, below = np.maximum(targets, 0), np.maximum(-targets, 0)
    return np.minimum(above, _level(above, beta)) - np.minimum(below, _level(below, beta))


def predictions_objective(predictions: Numbers, targets: Numbers, beta: float) -> float:
    """Return 1/2 |d - y|^2 + beta (|d+|_inf + |(-d)+|_inf)."""
    span = predictions.max(initial=0.0) - predictions.min(initial=0.0)
    return float(0.5 * np.sum((predictions - targets) ** 2) + beta * span)


def three_layers(points: Points, targets: Numbers, first: Planes, beta: float) -> ThreeLayers:
    """Build the network of the optimal predictions: a unit for each step between their levels.

    ValueError where the first layer (m, d + 1) does not tell the points apart that a unit has to.
    """
    predictions = best_predictions(targets, beta)
    hidden = with_ones(patterns(points, first).astype(np.float64))
    above, below = _steps(predictions), _steps(-predictions)
    rows = [(predictions >= level, height) for level, height in above]
    rows += [(-predictions >= level, -height) for level, height in below]
    second = np.array([_plane(hidden, pattern) for pattern, _ in rows])
    weights = np.array([height for _, height in rows])
    return ThreeLayers(first, second.reshape(-1, hidden.shape[1]), weights)


def _level(values: Numbers, beta: float) -> float:
    """Return t >= 0 with sum max(v - t, 0) = beta, for values v >= 0; 0 where their sum is no larger than beta."""
    if values.sum() <= beta:
        return 0.0
    descending = np.sort(values)[::-1]
    levels = (np.cumsum(descending) - beta) / np.arange(1, len(values) + 1)
    # with one value more than are above it, t would be above that value
    count = np.flatnonzero(levels < descending)[-1]
    return float(levels[count])


def _steps(predictions: Numbers) -> list[tuple[float, float]]:
    """Return the positive levels, ascending, each with its height above the one before."""
    levels = np.unique(predictions[predictions > 0])
    return list(zip(levels.tolist(), np.diff(levels, prepend=0.0).tolist(), strict=True))


def _plane(hidden: Numbers, pattern: NDArray[np.bool_]) -> Numbers:
    """Return the shortest plane (m + 1,) at distance +-1/2 of whose 0 the points (n, m + 1) are, as the pattern says."""
    plane: Numbers = np.linalg.lstsq(hidden, pattern - 0.5)[0]
    if not np.array_equal(hidden @ plane >= 0, pattern):
        raise ValueError(
            f"{hidden.shape[1] - 1} units of a first layer do not tell {len(hidden)} points apart: take more."
        )
    return plane
