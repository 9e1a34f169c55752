"""CMA-ES with a diagonal covariance, as pycma (Hansen) has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.checks import whole
from spikeatlas.optim.methods.library import Engine, LibrarySearch
from spikeatlas.optim.spaces import GaussianSpace, Points, gaussian_problems
from spikeatlas.optim.types import Options, Problem


@dataclass(frozen=True)
class DiagonalCMAOptions(Options):
    """Options of pycma: `batch` (>= 4), the population, and `sigma` (> 0), the first step size."""

    batch: int = 20
    sigma: float = 1.0

    def __post_init__(self) -> None:
        whole("batch", self.batch, 4)
        if not isinstance(self.sigma, int | float) or not 0 < self.sigma < np.inf:
            raise ValueError(f"sigma is {self.sigma!r}; it must be a finite number above 0")

    @property
    def minimum_budget(self) -> int:
        """One generation to learn from and one image drawn after it."""
        return self.batch + 1


class DiagonalCMA(LibrarySearch):
    """pycma's CMA-ES with a diagonal covariance, from 0; Gaussian spaces only (ValueError)."""

    preset = DiagonalCMAOptions()
    library = "cma"

    def __init__(self, problem: Problem, options: DiagonalCMAOptions) -> None:
        self._sigma = options.sigma
        super().__init__(problem, options)

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space is not Gaussian, or the library not installed."""
        problems = gaussian_problems(problem.space, "CMA-ES")
        return problems + super().problems(problem, options)

    def _engine(self, library: Any, seed: int) -> Engine:
        assert isinstance(self.problem.space, GaussianSpace)
        return _Engine(library, self.problem.space, self.options.batch, (self._sigma, seed))


class _Engine:
    def __init__(
        self, cma: Any, space: GaussianSpace, batch: int, start: tuple[float, int]
    ) -> None:
        sigma, seed = start
        rng = np.random.default_rng(seed)
        options = {
            "CMA_diagonal": True,
            "popsize": batch,
            "randn": lambda *shape: rng.standard_normal(shape),  # else numpy's global one
            "seed": np.nan,
            "verbose": -9,
            "verb_log": 0,
        }
        self._space = space
        self._search = cma.CMAEvolutionStrategy(np.zeros(space.dim), sigma, options)
        self._candidates: list[Any] = []

    def ask(self) -> Points:
        self._candidates = self._search.ask()
        return self._space.nearest(np.array(self._candidates))

    def tell(self, scores: npt.NDArray[np.float64]) -> None:
        lowest = scores[np.isfinite(scores)].min()
        self._search.tell(self._candidates, (-np.maximum(scores, lowest)).tolist())
