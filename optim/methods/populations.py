"""Each neuron's own rows of a generation that was proposed in turn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.spaces.space import Points
from spikeatlas.optim.types import Batch, Scores


def own_rows(generation: Batch, scores: Scores) -> tuple[Points, npt.NDArray[np.float64]]:
    """Points (N, k, d) that each neuron proposed and its scores (N, k) of them.

    The rows are `in_turn`'s; a last round that the budget cut short is left out.
    """
    neurons = scores.shape[1]
    rounds = len(generation) // neurons
    rows = slice(rounds * neurons)
    dim = generation.points.shape[1]
    points = generation.points[rows].reshape(rounds, neurons, dim).swapaxes(0, 1)
    own = scores[rows].reshape(rounds, neurons, neurons).diagonal(axis1=1, axis2=2)
    # contiguous by neuron: numpy then adds up a neuron's numbers the same way beside any others
    return np.ascontiguousarray(points), np.ascontiguousarray(own.T, dtype=np.float64)


def mean_filled(scores: Scores) -> npt.NDArray[np.float64]:
    """Scores (..., k, N) with each neuron's mean where it was not measured (0 where never)."""
    measured = np.isfinite(scores)
    known = np.where(measured, scores, 0)
    count = np.maximum(measured.sum(axis=-2, keepdims=True), 1)
    filled: npt.NDArray[np.float64] = np.where(
        measured, known, known.sum(axis=-2, keepdims=True) / count
    )
    return filled


def ranked_weights(
    scores: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Recombination weights (N, k) of points by their scores (N, k); `weights` (k,) by rank.

    What was not measured (-inf) weighs nothing, the others add up to 1, and the first of a tie
    ranks first. Where all that was measured is equal, nothing can be learnt: zero for all.
    """
    measured = np.isfinite(scores)
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = np.empty_like(scores)
    np.put_along_axis(ranked, order, np.broadcast_to(weights, scores.shape), axis=1)
    ranked[~measured] = 0
    lowest = np.where(measured, scores, np.inf).min(axis=1)
    ranked[~(scores.max(axis=1) > lowest)] = 0
    total = ranked.sum(axis=1, keepdims=True)
    normal: npt.NDArray[np.float64] = ranked / np.where(total > 0, total, 1)
    return normal
