"""The screened search in a Gaussian space: a linear model, then separable CMA-ES from where it leads.

A ridge regression of the responses on the latents is the spike-triggered average of every neuron; for
a Gaussian prior it is the mean gradient, whatever the neuron computes (Stein's lemma). The search looks
along the arc from the best image to that direction, on the shell where the prior's mass lies, and goes
on from the best there as separable CMA-ES.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.base import in_turn
from spikeatlas.optim.methods.gaussian_moves import snapped
from spikeatlas.optim.methods.populations import mean_filled
from spikeatlas.optim.methods.screened.screened import ScreenedOptions, ScreenedSearch
from spikeatlas.optim.methods.sep_cma import NormalWalk
from spikeatlas.optim.methods.sphere_cma import directions
from spikeatlas.optim.spaces.space import GaussianSpace, Indices, Points
from spikeatlas.optim.types import Batch, Problem, Scores, State, packed, unpacked

_RIDGE = 10.0
_SIGMA = 0.5  # of the prior: the neighbourhood of what the screening found
_HELD = ("gram", "moment", "best", "score")


class ScreenedGaussian(ScreenedSearch):
    """Separable CMA-ES from a screening."""

    def __init__(self, problem: Problem, options: ScreenedOptions, space: GaussianSpace) -> None:
        super().__init__(problem, options)
        if problem.adaptive:
            raise ValueError(
                "allocation is 'adaptive', which screened can do for codes only; choose fixed"
            )
        self._space = space
        groups, size = 1 if problem.share else problem.neurons, space.dim + 1
        self._gram = np.zeros((groups, size, size))
        self._moment = np.zeros((groups, size, problem.neurons // groups))
        self._best = np.stack([rng.standard_normal(space.dim) for rng in self._rngs])
        self._score = np.full(problem.neurons, -np.inf)
        self._walk = NormalWalk(self._best, _SIGMA, options.batch)
        self._generations = 0

    def _draw(self, rng: np.random.Generator, count: int) -> Points:
        return self._space.sample(rng, count)

    def _propose(self) -> tuple[Points, Indices]:
        if self._generations == 0:
            return self._screen()
        if self._generations == 1:
            return in_turn(self._on_shell(self._arc()))
        return in_turn(snapped(self._space, self._walk.draw(self._rngs)))

    def _arc(self) -> npt.NDArray[np.float64]:
        """Directions (N, batch, d) from the best image's to the linear model's."""
        ridge = _RIDGE * np.eye(self._gram.shape[1])
        ridge[-1, -1] = 1e-9  # the mean is not shrunk
        weights = np.linalg.solve(self._gram + ridge, self._moment)[:, :-1]
        linear = directions(np.asarray(weights.transpose(0, 2, 1)).reshape(self._best.shape))
        part = np.linspace(0, 1, self._settings.batch)[:, None]
        return directions((1 - part) * directions(self._best)[:, None] + part * linear[:, None])

    def _on_shell(self, rows: npt.NDArray[np.float64]) -> Points:
        return snapped(self._space, np.sqrt(self._space.dim) * rows)

    def _learn_screening(self, points: Points, scores: Scores) -> None:
        self._note(points, scores)
        self._study(points, scores)

    def _learn(self, generation: Batch, scores: Scores) -> None:
        self._note(generation.points, scores)
        if self._generations == 0:
            # the screening alone: elsewhere the prior's mean, which Stein's lemma needs, does not hold
            starts = self.problem.starts
            first = 0 if starts is None else starts.shape[0] * starts.shape[1]
            self._study(generation.points[first:], scores[first:])
        elif self._generations == 1:
            self._walk.start(self._best, _SIGMA)
        else:
            self._walk.learn(generation, scores)
        self._generations += 1

    def _note(self, points: Points, scores: Scores) -> None:
        """Keep the best image (k, d) of each neuron by scores (k, N); -inf where it does not count."""
        top = scores.argmax(axis=0)
        best = scores[top, np.arange(scores.shape[1])]
        better = best > self._score
        self._best[better], self._score[better] = points[top[better]], best[better]

    def _study(self, points: Points, scores: Scores) -> None:
        """Let the linear model learn from a screening; what was not measured counts as the mean."""
        rows = np.concatenate([points, np.ones((len(points), 1))], axis=1).astype(np.float64)
        for group, own in enumerate(np.split(scores, len(self._gram), axis=1)):
            seen = np.isfinite(own).any(axis=1)
            self._gram[group] += rows[seen].T @ rows[seen]
            self._moment[group] += rows[seen].T @ mean_filled(own)[seen]

    def _state(self) -> State:
        arrays = {name: packed(getattr(self, f"_{name}")) for name in _HELD}
        return {**arrays, "walk": self._walk.state_dict(), "generations": self._generations}

    def _load(self, state: State) -> None:
        for name in _HELD:
            setattr(self, f"_{name}", unpacked(state[name]))
        self._walk.load_state_dict(state["walk"])
        self._generations = state["generations"]
