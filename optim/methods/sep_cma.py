"""Separable CMA-ES, for all neurons at once.

Ros & Hansen, PPSN 2008: CMA-ES with a diagonal covariance, learnt faster by (dim + 2) / 3, with the
standard weights, evolution paths and step-size adaptation of Hansen's tutorial (arXiv 1604.00772).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.checks import whole
from spikeatlas.optim.methods.populations import rank_weights, split_by_owner
from spikeatlas.optim.spaces import GaussianSpace, Indices, Points, gaussian_problems
from spikeatlas.optim.types import Batch, Options, Problem, Scores, State, packed, unpacked

Numbers = npt.NDArray[np.float64]
_BOOKS = ("_mean", "_sigma", "_variance", "_sigma_path", "_path", "_generations")
_SIGMAS = (1e-6, 1e3)  # no step size leaves these bounds


@dataclass(frozen=True)
class SepCMAOptions(Options):
    """Options of separable CMA-ES.

    `batch` (>= 2): the population. `sigma` (> 0): the first step size; None: 1, the prior's, or 0.3
    where the search starts from given points.
    """

    batch: int = 20
    sigma: float | None = None

    def __post_init__(self) -> None:
        whole("batch", self.batch, 2)
        if self.sigma is not None and (
            not isinstance(self.sigma, int | float) or not 0 < self.sigma < math.inf
        ):
            raise ValueError(
                f"sigma is {self.sigma!r}; it must be a finite number above 0, or None"
            )

    @property
    def minimum_budget(self) -> int:
        """One generation to learn from and one image drawn after it."""
        return self.batch + 1


class SeparableCMA(Maximizer):
    """A normal distribution for each neuron that moves to the better half of the neuron's proposals.

    It starts at 0 or at the neuron's first start. Points are taken to the space's nearest levels,
    and it is these that teach. Needs a Gaussian space (ValueError). A generation whose measured
    scores are all equal teaches its neuron nothing.
    """

    preset = SepCMAOptions()
    can_start = True

    def __init__(self, problem: Problem, options: SepCMAOptions) -> None:
        super().__init__(problem, options)
        assert isinstance(problem.space, GaussianSpace)
        self._space = problem.space
        starts = problem.starts
        origin = np.zeros((problem.neurons, problem.space.dim))
        sigma = options.sigma or (1.0 if starts is None else 0.3)
        self._walk = NormalWalk(origin if starts is None else starts[:, 0], sigma, options.batch)

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space is not Gaussian."""
        problems = gaussian_problems(problem.space, "separable CMA-ES")
        return problems + super().problems(problem, options)

    def _propose(self) -> tuple[Points, Indices]:
        return in_turn(self._space.nearest(self._walk.draw(self._rngs)))

    def _learn(self, generation: Batch, scores: Scores) -> None:
        self._walk.learn(generation, scores)

    def _state(self) -> State:
        return self._walk.state_dict()

    def _load(self, state: State) -> None:
        self._walk.load_state_dict(state)


class NormalWalk:
    """The normal distributions of all neurons, with diagonal covariances: means (N, d) at the start.

    `sigma` (> 0): the first step size; `batch`: the points of a generation that teaches.
    """

    def __init__(self, mean: npt.NDArray[Any], sigma: float, batch: int) -> None:
        shape = mean.shape
        self._batch, self._rates = batch, _rates(shape[1], batch)
        self._sigma = np.empty((shape[0], 1))
        self._variance = np.ones(shape)
        self._sigma_path, self._path = np.zeros(shape), np.zeros(shape)
        self._generations = np.zeros((shape[0], 1), dtype=np.int64)  # generations, by neuron
        self.start(mean, sigma)

    def start(self, mean: npt.NDArray[Any], sigma: float) -> None:
        """Go on from means (N, d) with a step size."""
        self._mean = mean.astype(np.float64)
        self._sigma[:] = sigma

    def draw(self, rngs: Sequence[np.random.Generator]) -> Numbers:
        """Draw points (N, batch, d), each neuron's from its own generator."""
        shape = (self._batch, self._mean.shape[1])
        normal = np.stack([rng.standard_normal(shape) for rng in rngs])
        scale = (self._sigma * np.sqrt(self._variance))[:, None]
        points: Numbers = self._mean[:, None] + scale * normal
        return points

    def learn(self, generation: Batch, scores: Scores) -> None:
        """Move the distributions by a whole generation's scores (k, N)."""
        points, fitness = split_by_owner(generation, scores)
        if fitness.shape[1] < self._batch:
            return  # the budget's last
        weights = rank_weights(fitness, self._rates.weights)
        which = np.flatnonzero(weights.any(axis=1))
        self._update(which, points[which], weights[which])

    def _update(self, which: Indices, points: Points, weights: Numbers) -> None:
        """Move the distributions of the m neurons `which` by points (m, k, d), weights (m, k)."""
        rates, dim = self._rates, self._mean.shape[1]
        sigma, variance = self._sigma[which], self._variance[which]
        steps = (points - self._mean[which][:, None]) / sigma[:, None]
        step = (weights[..., None] * steps).sum(axis=1)
        self._mean[which] += sigma * step
        self._generations[which] += 1

        c = rates.sigma
        path = (1 - c) * self._sigma_path[which]
        path += math.sqrt(c * (2 - c) * rates.mass) * step / np.sqrt(variance)
        self._sigma_path[which] = path
        length = np.linalg.norm(path, axis=1, keepdims=True)
        usual = math.sqrt(dim) * (1 - 1 / (4 * dim) + 1 / (21 * dim**2))
        growth = np.clip(c / rates.damping * (length / usual - 1), -1, 1)
        self._sigma[which] = np.clip(sigma * np.exp(growth), *_SIGMAS)

        warm = np.sqrt(1 - (1 - c) ** (2 * self._generations[which]))
        steady = length / warm < (1.4 + 2 / (dim + 1)) * usual
        path = (1 - rates.path) * self._path[which]
        path += steady * math.sqrt(rates.path * (2 - rates.path) * rates.mass) * step
        self._path[which] = path
        one = path**2 + ~steady * rates.path * (2 - rates.path) * variance
        many = (weights[..., None] * steps**2).sum(axis=1)
        variance = (1 - rates.one - rates.many) * variance + rates.one * one + rates.many * many
        self._variance[which] = np.maximum(variance, 1e-12)

    def state_dict(self) -> State:
        """Copy the distributions into tensors."""
        return {name: packed(getattr(self, name)) for name in _BOOKS}

    def load_state_dict(self, state: State) -> None:
        """Put back a copy that `state_dict` made."""
        for name in _BOOKS:
            setattr(self, name, unpacked(state[name]))


@dataclass(frozen=True)
class _Rates:
    """Standard settings of a population: weights by rank, their effective mass, rates."""

    weights: Numbers
    mass: float
    sigma: float
    damping: float
    path: float
    one: float
    many: float


def _rates(dim: int, batch: int) -> _Rates:
    ranks = np.arange(1, batch + 1)
    weights = np.maximum(math.log((batch + 1) / 2) - np.log(ranks), 0)
    weights /= weights.sum()
    mass = float(1 / (weights**2).sum())
    sigma = (mass + 2) / (dim + mass + 5)
    damping = 1 + sigma + 2 * max(0, math.sqrt((mass - 1) / (dim + 1)) - 1)
    one = 2 / ((dim + 1.3) ** 2 + mass)
    many = min(1 - one, 2 * (mass - 2 + 1 / mass) / ((dim + 2) ** 2 + mass))
    faster = min((dim + 2) / 3, 1 / (one + many))  # of a diagonal there is less to learn
    return _Rates(weights, mass, sigma, damping, 4 / (dim + 4), one * faster, many * faster)
