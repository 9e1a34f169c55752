"""Of nevergrad (Rapin & Teytaud) the portfolio and the discrete (1+1)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.methods.library import Engine, LibrarySearch
from spikeatlas.optim.spaces import CodeSpace, GaussianSpace, Points, gaussian_problems
from spikeatlas.optim.types import Problem


class NevergradSearch(LibrarySearch):
    """An optimiser of nevergrad: codes are an array of ordinal numbers, Gaussian latents one from 0."""

    library = "nevergrad"
    optimizer: ClassVar[str]
    """Its name in nevergrad's registry."""

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space is neither of codes nor Gaussian, or the library not installed."""
        codes = isinstance(problem.space, CodeSpace)
        problems = [] if codes else gaussian_problems(problem.space, "nevergrad's search")
        return problems + super().problems(problem, options)

    def _engine(self, library: Any, seed: int) -> Engine:
        return _Engine(library, self.optimizer, self.problem, (self.options.batch, seed))


class NevergradPortfolio(NevergradSearch):
    """nevergrad's Portfolio: CMA, two-point differential evolution and scrambled Hammersley."""

    optimizer = "Portfolio"


class NevergradDiscrete(NevergradSearch):
    """nevergrad's DiscreteOnePlusOne."""

    optimizer = "DiscreteOnePlusOne"


class _Engine:
    def __init__(self, ng: Any, optimizer: str, problem: Problem, start: tuple[int, int]) -> None:
        self._space = space = problem.space
        self._batch, seed = start
        if isinstance(space, CodeSpace):
            # N(0, 1) within nevergrad is uniform over [0, codes]: what a TransitionChoice does with
            # its indices, without an object for every code and candidate
            middle = np.full(space.dim, space.codes / 2)
            parameter = ng.p.Array(init=middle).set_bounds(0, space.codes, method="gaussian")
        else:
            parameter = ng.p.Array(shape=(space.dim,))
        bits = np.random.MT19937(np.random.SeedSequence(seed))
        parameter.random_state = np.random.RandomState(bits)
        # the last ask may be cut short; it has to be whole
        asks = -(-problem.budget // self._batch)
        make = ng.optimizers.registry[optimizer]
        self._search = make(parameter, budget=asks * self._batch, num_workers=self._batch)
        self._candidates: list[Any] = []

    def ask(self) -> Points:
        self._candidates = [self._search.ask() for _ in range(self._batch)]
        points = np.array([candidate.value for candidate in self._candidates])
        if isinstance(self._space, GaussianSpace):
            return self._space.nearest(points)
        assert isinstance(self._space, CodeSpace)
        return np.clip(points.astype(np.int64), 0, self._space.codes - 1)

    def tell(self, scores: npt.NDArray[np.float64]) -> None:
        for candidate, score in zip(self._candidates, scores, strict=True):
            if np.isfinite(score):
                self._search.tell(candidate, -float(score))
