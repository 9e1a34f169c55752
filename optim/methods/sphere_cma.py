"""Spherical CMA with a decaying angular spread, for all neurons at once.

Wang & Ponce, GECCO 2022: the latents of a generator matter by their direction, so the search moves
on the sphere where the prior's mass lies.
"""

from __future__ import annotations

import math
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


@dataclass(frozen=True)
class SphereCMAOptions(Options):
    """Options of spherical CMA.

    `batch` (>= 2): the population. `widest` and `narrowest`: the angles, in degrees in (0, 180), from
    the mean at which points are drawn in the first and the last generation. `stride` (>= 1): how far
    the mean moves along the arc to the better points' mean, 1 being there.
    """

    batch: int = 40
    widest: float = 50.0
    narrowest: float = 7.3
    stride: float = 1.5

    def __post_init__(self) -> None:
        whole("batch", self.batch, 2)
        for name, value in (("widest", self.widest), ("narrowest", self.narrowest)):
            if not isinstance(value, int | float) or not 0 < value < 180:
                raise ValueError(f"{name} is {value!r}; it must be an angle in (0, 180) degrees")
        if not isinstance(self.stride, int | float) or not 1 <= self.stride < math.inf:
            raise ValueError(f"stride is {self.stride!r}; it must be a number of at least 1")

    @property
    def minimum_budget(self) -> int:
        """One generation to learn from and one image drawn after it."""
        return self.batch + 1


class SphereCMA(Maximizer):
    """A mean direction for each neuron that moves to the better half of the points drawn around it.

    The sphere's radius is the root of the dimension. The spread narrows exponentially with the
    generations the budget allows for, whatever is measured. Points are taken to the space's nearest
    levels, and it is these that teach. Needs a Gaussian space of at least 2 dimensions (ValueError).
    A generation whose measured scores are all equal teaches its neuron nothing.
    """

    preset = SphereCMAOptions()

    def __init__(self, problem: Problem, options: SphereCMAOptions) -> None:
        super().__init__(problem, options)
        assert isinstance(problem.space, GaussianSpace)
        self._space = problem.space
        dim = problem.space.dim
        first = directions(np.stack([rng.standard_normal(dim) for rng in self._rngs]))
        self._walk = SphereWalk(
            first, options.batch, options.widest, options.narrowest, options.stride
        )
        self._generations = 0  # asked for

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space is not Gaussian, or has one dimension only."""
        problems = gaussian_problems(problem.space, "spherical CMA")
        if not problems and problem.space.dim < 2:
            problems = ["dim is 1, but spherical CMA needs a sphere; take a space of 2 or more"]
        return problems + super().problems(problem, options)

    @property
    def passed(self) -> float:
        """Part of the generations within the budget that was asked for, 0 to 1."""
        total = -(-self.problem.budget // self.options.batch)
        return min(1.0, self._generations / max(1, total - 1))

    def _propose(self) -> tuple[Points, Indices]:
        points = self._walk.draw(self._rngs, self.passed)
        self._generations += 1
        return in_turn(self._space.nearest(math.sqrt(self.problem.space.dim) * points))

    def _learn(self, generation: Batch, scores: Scores) -> None:
        self._walk.learn(generation, scores)

    def _state(self) -> State:
        return {"walk": self._walk.state_dict(), "generations": self._generations}

    def _load(self, state: State) -> None:
        self._walk.load_state_dict(state["walk"])
        self._generations = state["generations"]


class SphereWalk:
    """Mean directions (N, d) of all neurons, d >= 2, moved by the points that are drawn around them."""

    def __init__(
        self, mean: Numbers, batch: int, widest: float, narrowest: float, stride: float
    ) -> None:
        self._mean, self._batch, self._stride = mean, batch, stride
        self._angles = widest, narrowest
        ranks = np.arange(1, batch + 1)
        half = max(1, batch // 2)
        self._weights = np.where(ranks <= half, math.log(half + 0.5) - np.log(ranks), 0)

    def spread(self, passed: float) -> float:
        """Return the angle, in radians, at which points are drawn when a part (0 to 1) has passed."""
        widest, narrowest = self._angles
        return math.radians(widest * (narrowest / widest) ** min(1.0, passed))

    def draw(self, rngs: list[np.random.Generator], passed: float) -> Numbers:
        """Draw directions (N, batch, d) around each neuron's mean."""
        dim = self._mean.shape[1]
        normal = np.stack([rng.standard_normal((self._batch, dim)) for rng in rngs])
        mean = self._mean[:, None]
        tangent = normal - (normal * mean).sum(axis=2, keepdims=True) * mean
        length = np.linalg.norm(tangent, axis=2, keepdims=True)
        angle = self.spread(passed) * length / math.sqrt(dim - 1)
        points: Numbers = np.cos(angle) * mean + np.sin(angle) * directions(tangent)
        return points

    def learn(self, generation: Batch, scores: Scores) -> None:
        """Move the means by a whole generation's scores (k, N)."""
        points, fitness = split_by_owner(generation, scores)
        if fitness.shape[1] < self._batch:
            return  # the budget's last
        weights = rank_weights(fitness, self._weights)
        better = directions((weights[..., None] * points).sum(axis=1))
        cosine = (self._mean * better).sum(axis=1, keepdims=True)
        moves = weights.any(axis=1) & (np.abs(cosine[:, 0]) < 1 - 1e-12)
        arc = np.arccos(cosine[moves])
        far, near = np.sin(self._stride * arc), np.sin((1 - self._stride) * arc)
        self._mean[moves] = directions(near * self._mean[moves] + far * better[moves])

    def state_dict(self) -> State:
        """Copy the means into tensors."""
        return {"mean": packed(self._mean)}

    def load_state_dict(self, state: State) -> None:
        """Put back a copy that `state_dict` made."""
        self._mean = unpacked(state["mean"])


def directions(vectors: Numbers) -> Numbers:
    """Scale vectors (..., d) to length 1; a zero vector stays one."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Numbers = vectors / np.where(length > 0, length, 1)
    return scaled
