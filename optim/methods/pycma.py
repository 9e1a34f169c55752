"""CMA-ES as pycma (Hansen) has it, with a full or a diagonal covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.checks import whole
from spikeatlas.optim.methods.library import Engine, LibrarySearch
from spikeatlas.optim.spaces import GaussianSpace, Points, gaussian_problems
from spikeatlas.optim.types import Options, Problem

Covariance: TypeAlias = Literal["diagonal", "full"]


@dataclass(frozen=True)
class PyCMAOptions(Options):
    """Options of pycma: `batch` (>= 4), the population; `sigma` (> 0), the first step size; the `covariance` that it learns."""

    batch: int = 20
    sigma: float = 1.0
    covariance: Covariance = "diagonal"

    def __post_init__(self) -> None:
        whole("batch", self.batch, 4)
        if not isinstance(self.sigma, int | float) or not 0 < self.sigma < np.inf:
            raise ValueError(f"sigma is {self.sigma!r}; it must be a finite number above 0")
        kinds = get_args(Covariance)
        if self.covariance not in kinds:
            raise ValueError(f"covariance is {self.covariance!r}; it must be {' or '.join(kinds)}")

    @property
    def minimum_budget(self) -> int:
        """One generation to learn from and one image drawn after it."""
        return self.batch + 1


class PyCMA(LibrarySearch):
    """pycma's CMA-ES, from 0; Gaussian spaces only (ValueError)."""

    preset = PyCMAOptions()
    library = "cma"

    def __init__(self, problem: Problem, options: PyCMAOptions) -> None:
        self._settings = options
        super().__init__(problem, options)

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space is not Gaussian, or the library not installed."""
        problems = gaussian_problems(problem.space, "CMA-ES")
        return problems + super().problems(problem, options)

    def _engine(self, library: Any, seed: int) -> Engine:
        assert isinstance(self.problem.space, GaussianSpace)
        return _Engine(library, self.problem.space, self._settings, seed)


class _Engine:
    def __init__(self, cma: Any, space: GaussianSpace, settings: PyCMAOptions, seed: int) -> None:
        rng = np.random.default_rng(seed)
        options = {
            "CMA_diagonal": settings.covariance == "diagonal",
            "popsize": settings.batch,
            "randn": lambda *shape: rng.standard_normal(shape),  # else numpy's global one
            "seed": np.nan,
            "verbose": -9,
            "verb_log": 0,
        }
        self._space = space
        self._search = cma.CMAEvolutionStrategy(np.zeros(space.dim), settings.sigma, options)
        self._candidates: list[Any] = []

    def ask(self) -> Points:
        self._candidates = self._search.ask()
        return self._space.nearest(np.array(self._candidates))

    def tell(self, scores: npt.NDArray[np.float64]) -> None:
        lowest = scores[np.isfinite(scores)].min()
        self._search.tell(self._candidates, (-np.maximum(scores, lowest)).tolist())
