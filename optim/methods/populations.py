"""Populations: the rows of a generation by the neuron that proposed them, and their weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.spaces import Points
from spikeatlas.optim.types import Batch, Scores


def split_by_owner(generation: Batch, scores: Scores) -> tuple[Points, npt.NDArray[np.float64]]:
    """Return the points (N, k, d) that each neuron proposed and its scores (N, k) of them.

    The rows are `in_turn`'s; a last round that the budget cut short is left out.
    """
    neurons = scores.shape[1]
    rounds = len(generation) // neurons
    rows = slice(rounds * neurons)
    dim = generation.points.shape[1]
    points = generation.points[rows].reshape(rounds, neurons, dim).swapaxes(0, 1)
    values = scores[rows].reshape(rounds, neurons, neurons).diagonal(axis1=1, axis2=2)
    # contiguous by neuron: numpy then adds up a neuron's numbers the same way beside any others
    return np.ascontiguousarray(points), np.ascontiguousarray(values.T, dtype=np.float64)


def fill_missing(scores: Scores) -> npt.NDArray[np.float64]:
    """Replace scores (..., k, N) that were not measured by the neuron's mean (0 where none was)."""
    measured = np.isfinite(scores)
    values = np.where(measured, scores, 0)
    count = np.maximum(measured.sum(axis=-2, keepdims=True), 1)
    mean = values.sum(axis=-2, keepdims=True) / count
    complete: npt.NDArray[np.float64] = np.where(measured, values, mean)
    return complete


def rank_weights(
    scores: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return recombination weights (N, k) of points by scores (N, k); `weights` (k,) are by rank.

    What was not measured (-inf) weighs nothing, the others add up to 1, and the first of a tie
    ranks first. Where all that was measured is equal, nothing can be learnt: zero for all.
    """
    measured = np.isfinite(scores)
    order = np.argsort(-scores, axis=1, kind="stable")
    by_point = np.empty_like(scores)
    np.put_along_axis(by_point, order, np.broadcast_to(weights, scores.shape), axis=1)
    by_point[~measured] = 0
    lowest = np.where(measured, scores, np.inf).min(axis=1)
    by_point[~(scores.max(axis=1) > lowest)] = 0
    total = by_point.sum(axis=1, keepdims=True)
    normal: npt.NDArray[np.float64] = by_point / np.where(total > 0, total, 1)
    return normal
