"""The refinement of Gaussian latents: a linear model, then separable CMA-ES from its best image.

A ridge regression of the responses on the latents is the spike-triggered average of every neuron; for
a Gaussian prior it is the mean gradient, whatever the neuron computes (Stein's lemma). The search looks
along the arc from the best image to that direction, on the sphere where the prior's mass lies, and goes
on from the best there as separable CMA-ES.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.base import in_turn
from spikeatlas.optim.methods.populations import fill_missing
from spikeatlas.optim.methods.screened.base import Refinement, ScreenedOptions
from spikeatlas.optim.methods.sep_cma import NormalWalk
from spikeatlas.optim.methods.sphere_cma import directions
from spikeatlas.optim.spaces import GaussianSpace, Indices, Points
from spikeatlas.optim.types import Batch, Problem, Scores, State, packed, unpacked

_RIDGE = 10.0
_SIGMA = 0.5  # of the prior: the neighbourhood of the screening's best
_ARRAYS = ("gram", "moment", "best", "score")


class GaussianRefinement(Refinement):
    """Separable CMA-ES from a screening."""

    def __init__(
        self, problem: Problem, options: ScreenedOptions, rngs: Sequence[np.random.Generator]
    ) -> None:
        super().__init__(problem, options, rngs)
        assert isinstance(problem.space, GaussianSpace)
        self._space = space = problem.space
        groups, size = 1 if problem.share else problem.neurons, space.dim + 1
        self._gram = np.zeros((groups, size, size))
        self._moment = np.zeros((groups, size, problem.neurons // groups))
        self._best = np.stack([rng.standard_normal(space.dim) for rng in rngs])
        self._score = np.full(problem.neurons, -np.inf)
        self._walk = NormalWalk(self._best, _SIGMA, options.batch)

    def draw(self, rng: np.random.Generator, count: int) -> Points:
        """Draw images (count, d) from the prior."""
        return self._space.sample(rng, count)

    def propose(self) -> tuple[Points, Indices]:
        """Return the points of the arc, later those that the walk draws."""
        if self.generations == 1:
            return in_turn(self._on_sphere(self._arc()))
        return in_turn(self._space.nearest(self._walk.draw(self.rngs)))

    def _arc(self) -> npt.NDArray[np.float64]:
        """Return directions (N, batch, d) from the best image's to the linear model's."""
        ridge = _RIDGE * np.eye(self._gram.shape[1])
        ridge[-1, -1] = 1e-9  # the mean is not shrunk
        weights = np.linalg.solve(self._gram + ridge, self._moment)[:, :-1]
        linear = directions(np.asarray(weights.transpose(0, 2, 1)).reshape(self._best.shape))
        part = np.linspace(0, 1, self.options.batch)[:, None]
        return directions((1 - part) * directions(self._best)[:, None] + part * linear[:, None])

    def _on_sphere(self, rows: npt.NDArray[np.float64]) -> Points:
        return self._space.nearest(np.sqrt(self._space.dim) * rows)

    def learn_screening(self, points: Points, scores: Scores) -> None:
        """Learn from images (k, d) that all neurons answered to beforehand, scores (k, N)."""
        self._note(points, scores)
        self._fit(points, scores)

    def learn(self, generation: Batch, scores: Scores) -> None:
        """Learn from a generation's scores (k, N): the screening, the arc, then the walk's."""
        self._note(generation.points, scores)
        if self.generations == 0:
            # the screening alone: elsewhere the prior's mean, which Stein's lemma needs, does not hold
            starts = self.problem.starts
            first = 0 if starts is None else starts.shape[0] * starts.shape[1]
            self._fit(generation.points[first:], scores[first:])
        elif self.generations == 1:
            self._walk.start(self._best, _SIGMA)
        else:
            self._walk.learn(generation, scores)
        self.generations += 1

    def learn_proposals(self, generation: Batch, scores: Scores) -> None:
        """Go on from the best of what others proposed."""
        self._note(generation.points, scores)
        self._walk.start(self._best, _SIGMA)

    def _note(self, points: Points, scores: Scores) -> None:
        """Note the best image (k, d) of each neuron by scores (k, N); -inf where it does not count."""
        top = scores.argmax(axis=0)
        best = scores[top, np.arange(scores.shape[1])]
        better = best > self._score
        self._best[better], self._score[better] = points[top[better]], best[better]

    def _fit(self, points: Points, scores: Scores) -> None:
        """Let the linear model learn from a screening; what was not measured counts as the mean."""
        rows = np.concatenate([points, np.ones((len(points), 1))], axis=1).astype(np.float64)
        for group, values in enumerate(np.split(scores, len(self._gram), axis=1)):
            answered = np.isfinite(values).any(axis=1)
            self._gram[group] += rows[answered].T @ rows[answered]
            self._moment[group] += rows[answered].T @ fill_missing(values)[answered]

    def state_dict(self) -> State:
        """Copy the model, the best images and the walk."""
        arrays = {name: packed(getattr(self, f"_{name}")) for name in _ARRAYS}
        return {**arrays, "walk": self._walk.state_dict(), "generations": self.generations}

    def load_state_dict(self, state: State) -> None:
        """Put back a copy that `state_dict` made."""
        for name in _ARRAYS:
            setattr(self, f"_{name}", unpacked(state[name]))
        self._walk.load_state_dict(state["walk"])
        self.generations = state["generations"]
