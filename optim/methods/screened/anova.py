"""A first-order model of every neuron's response to codes: functional ANOVA in the codebook's geometry.

The response to a point is a mean, plus an effect of the code at each position, which is linear in the
code's coordinates in the codebook (its principal axes), plus an effect of the codes' mix wherever they
stand, which is a smooth function of the code. As a tensor train it has rank 2. One ridge regression
fits all neurons that share their images.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from spikeatlas.optim.methods.populations import fill_missing
from spikeatlas.optim.spaces import CodeSpace, Indices, squared_distances

Floats = npt.NDArray[np.float32]

_AXES = 32
"""Most axes for each position."""
_EFFECTS, _EFFECTS_APART = 1024, 512
"""Most effects of axes at all positions together, in one model for all neurons and in models of their own: each is solved for."""
_MIX = 64
"""Number of smooth functions of the code for the mix."""
_AXES_WEIGHT = 0.25


class Belief(NamedTuple):
    """The trust of a model in what it has seen."""

    penalty: float
    """Of the regression (> 0)."""
    variance: float
    """Share of the codebook's variance that the axes which it looks along hold."""


DOUBT, TRUST = Belief(30.0, 0.95), Belief(0.1, 0.999)
"""A model that leaves room for what it does not know, and one that takes all it has seen at its word."""


class Anova:
    """The running sums of the regression for one or several groups of neurons, and its solution.

    `groups` = 1 where all neurons see all images, else N: each has images of its own.
    """

    def __init__(self, space: CodeSpace, groups: int, neurons: int) -> None:
        self.positions = space.positions
        axes, mix = _coordinates(space, _EFFECTS if groups == 1 else _EFFECTS_APART)
        self._shares = np.cumsum(axes.var(axis=0)) / (axes.var(axis=0).sum() or 1.0)
        self._axes, self._mix = axes * np.float32(_AXES_WEIGHT), mix
        size = space.positions * axes.shape[1] + mix.shape[1] + 1
        self.gram = np.zeros((groups, size, size), np.float32)
        self.moment = np.zeros((groups, size, neurons // groups), np.float32)

    def add(self, points: Indices, scores: Floats) -> None:
        """Enter images (groups, k, positions) and scores (groups, k, neurons a group).

        What was not measured (not finite) counts as the neuron's mean, which has no effect; an image
        that no neuron of the group answered is left out.
        """
        answered = np.isfinite(scores).any(axis=2, keepdims=True)
        features = np.where(answered, self._features(points), 0)
        self.gram += features.transpose(0, 2, 1) @ features
        self.moment += features.transpose(0, 2, 1) @ fill_missing(scores).astype(np.float32)

    def effects(self, belief: Belief) -> Floats:
        """Return the effect of every code at every position, (N, positions, codes)."""
        count = self._axes.shape[1]
        width = min(_axes_holding(belief.variance, self._shares), count)
        along = np.arange(self.positions * count).reshape(self.positions, count)[:, :width]
        columns = np.concatenate(
            [along.ravel(), np.arange(self.positions * count, self.gram.shape[1])]
        )
        ridge = belief.penalty * np.eye(len(columns), dtype=np.float32)
        ridge[-1, -1] = 1e-3  # the mean is not shrunk
        gram, moment = self.gram[:, columns[:, None], columns], self.moment[:, columns]
        weights = solve_symmetric(gram + ridge, moment)
        weights = weights.transpose(0, 2, 1).reshape(-1, weights.shape[1])
        along_axes = weights[:, : self.positions * width].reshape(
            len(weights), self.positions, width
        )
        of_mix = weights[:, self.positions * width : -1]
        effects: Floats = along_axes @ self._axes[:, :width].T + (of_mix @ self._mix.T)[:, None, :]
        return effects

    def _features(self, points: Indices) -> Floats:
        axes = self._axes[points].reshape(*points.shape[:2], -1)
        mix = self._mix[points].sum(axis=2)
        return np.concatenate([axes, mix, np.ones_like(mix[..., :1])], axis=2)


def solve_symmetric(gram: Floats, moment: Floats) -> Floats:
    """Solve for each of g symmetric matrices (g, n, n), which no rounding should make indefinite, and right sides (g, n, m).

    By Cholesky's factors, in a third of numpy's time; by elimination where rounding made a matrix indefinite after all.
    """
    matrices, sides = torch.from_numpy(gram), torch.from_numpy(moment)
    factors, failures = torch.linalg.cholesky_ex(matrices)
    solutions = torch.cholesky_solve(sides, factors)
    indefinite = failures > 0
    if indefinite.any():
        solutions[indefinite] = torch.linalg.solve(matrices[indefinite], sides[indefinite])
    return np.asarray(solutions)


def _coordinates(space: CodeSpace, effects: int) -> tuple[Floats, Floats]:
    """Return coordinates of every code: along the codebook's principal axes, and of smooth functions of it.

    ``effects``: room for axes at all positions together.
    """
    if space.embedding is None:
        # no geometry: every code for itself
        mix = np.eye(space.codes, dtype=np.float32) / np.sqrt(space.positions)
        return mix[:, :0], mix
    centred = np.asarray(space.embedding, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    unit_rows, spread, _ = np.linalg.svd(centred, full_matrices=False)
    count = _axes_kept(spread, effects // space.positions)
    axes = unit_rows[:, :count] * spread[:count]
    axes /= axes.std() or 1.0
    distance = squared_distances(centred)
    kernel = np.exp(-4 * distance / (np.median(distance) or 1.0))
    kernel -= kernel.mean(axis=0)
    kernel -= kernel.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(kernel)
    largest = slice(-1, -1 - min(_MIX, space.codes), -1)
    smooth = vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0))
    smooth /= np.sqrt(space.positions)
    return axes.astype(np.float32), smooth.astype(np.float32)


def _axes_kept(spread: npt.NDArray[np.float64], most: int) -> int:
    """Count the axes, of these singular values, that keep most of the variance; ``most``: as far as there is room for them."""
    shares = np.cumsum(np.square(spread)) / (np.square(spread).sum() or 1.0)
    return min(_axes_holding(TRUST.variance, shares), len(spread), _AXES, max(most, 1))


def _axes_holding(variance: float, shares: npt.NDArray[np.floating]) -> int:
    """Count the axes that hold a share of the variance; ``shares``: those that the first one, two, ... hold."""
    return int(np.searchsorted(shares, variance)) + 1
