"""Search from a screening: our own method, and the default.

A screening's images serve every neuron; a first-order model of each neuron is fitted to all of them in
one solve; from its proposals and the best images each neuron's own search starts, in lock step. What
follows differs with the space: evolution of code images, or separable CMA-ES.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.checks import whole
from spikeatlas.optim.spaces.space import Indices, Points
from spikeatlas.optim.types import Options, Problem


@dataclass(frozen=True)
class ScreenedOptions(Options):
    """Options of the screened search.

    `batch` (>= 2): images a neuron and generation. `elites` (>= 2): best points kept a neuron.
    `screening` (0 to 1): share of the budget that is screened first, at most `most` images together.
    `refit` (>= 1): generations between two fits of the model.
    """

    elites: int = 12
    screening: float = 0.2
    most: int = 4000
    refit: int = 4

    def __post_init__(self) -> None:
        whole("batch", self.batch, 2)
        whole("elites", self.elites, 2)
        whole("most", self.most, 1)
        whole("refit", self.refit, 1)
        if not isinstance(self.screening, int | float) or not 0 < self.screening < 1:
            raise ValueError(f"screening is {self.screening!r}; it must be between 0 and 1")

    @property
    def minimum_budget(self) -> int:
        """A screening of a few images and one generation."""
        return 2 * self.batch


class ScreenedSearch(Maximizer):
    """What both kinds of screened search have in common: the screening, and the given starts."""

    def __init__(self, problem: Problem, options: ScreenedOptions) -> None:
        super().__init__(problem, options)
        self._settings = options

    @property
    def _screened(self) -> int:
        """Images that the search screens itself: in total when sharing, else a neuron."""
        settings, budget = self._settings, self.problem.budget
        total = budget * self.problem.neurons if self.problem.share else budget
        return min(max(int(settings.screening * total), settings.batch), settings.most)

    def _screen(self) -> tuple[Points, Indices]:
        """The starts, where there are any, and the screening."""
        count = self._screened
        if self.problem.share:
            rows = self._draw(self._common_rng, count)
            owner = np.full(count, -1, dtype=np.int64)
        else:
            rows, owner = in_turn(np.stack([self._draw(rng, count) for rng in self._rngs]))
        if self.problem.starts is None:
            return rows, owner
        starts, owners = in_turn(self.problem.starts)
        return np.concatenate([starts, rows]), np.concatenate([owners, owner])

    @abstractmethod
    def _draw(self, rng: np.random.Generator, count: int) -> Points:
        """Draw images (count, d) for the screening."""
