"""Search from a screening: our own method, and the default.

A screening's images serve every neuron; a first-order model of each neuron is fitted to all of them in
one solve; from its proposals and the best images each neuron's own search starts, in lock step. Its
refinement differs with the space: evolution of code images, or separable CMA-ES.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.methods.screened.base import Refinement, ScreenedOptions
from spikeatlas.optim.methods.screened.codes import CodeEvolution
from spikeatlas.optim.methods.screened.gaussian import GaussianRefinement
from spikeatlas.optim.spaces import CodeSpace, GaussianSpace, Indices, Points, Space
from spikeatlas.optim.types import Batch, Problem, Scores, State

REFINEMENTS: Mapping[type, type[Refinement]] = MappingProxyType(
    {CodeSpace: CodeEvolution, GaussianSpace: GaussianRefinement}
)
"""The refinement of each kind of space."""


class ScreenedSearch(Maximizer):
    """A screening, the starts where there are any, and a refinement from the best of them."""

    preset = ScreenedOptions()
    uses_screening = True
    can_start = True
    can_adapt = True

    def __init__(self, problem: Problem, options: ScreenedOptions) -> None:
        super().__init__(problem, options)
        self._settings = options
        refinement = _refinement_of(problem.space)
        assert refinement is not None
        self._refinement = refinement(problem, options, self._rngs)

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space has no refinement, or one that cannot move its budget between neurons."""
        refinement = _refinement_of(problem.space)
        if refinement is None:
            return ["screened searches codes and Gaussian latents; choose another method, say ga"]
        if problem.adaptive and not refinement.can_adapt:
            return ["allocation is 'adaptive', which screened can do for codes only; choose fixed"]
        return super().problems(problem, options)

    def _propose(self) -> tuple[Points, Indices]:
        return self._refinement.propose() if self._refinement.generations else self._screen()

    def _screen(self) -> tuple[Points, Indices]:
        """Return the starts, where there are any, and the screening."""
        count, draw = self._screening_size(), self._refinement.draw
        if self.problem.share:
            rows = draw(self._common_rng, count)
            owner = np.full(count, -1, dtype=np.int64)
        else:
            rows, owner = in_turn(np.stack([draw(rng, count) for rng in self._rngs]))
        if self.problem.starts is None:
            return rows, owner
        starts, owners = in_turn(self.problem.starts)
        return np.concatenate([starts, rows]), np.concatenate([owners, owner])

    def _screening_size(self) -> int:
        """Count the images that the search screens itself: in total when sharing, else a neuron."""
        settings, budget = self._settings, self.problem.budget
        total = budget * self.problem.neurons if self.problem.share else budget
        return min(max(int(settings.screening * total), settings.batch), settings.most)

    def _learn_screening(self, points: Points, scores: Scores) -> None:
        self._refinement.learn_screening(points, scores)

    def _learn(self, generation: Batch, scores: Scores) -> None:
        self._refinement.learn(generation, scores)

    def _state(self) -> State:
        return self._refinement.state_dict()

    def _load(self, state: State) -> None:
        self._refinement.load_state_dict(state)


def _refinement_of(space: Space) -> type[Refinement] | None:
    fitting = (REFINEMENTS[kind] for kind in REFINEMENTS if isinstance(space, kind))
    return next(fitting, None)
