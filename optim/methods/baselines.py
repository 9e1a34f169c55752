"""Methods of other libraries, for comparison: one instance a neuron, asked and told in turn.

pycma (Hansen) with a diagonal covariance; of nevergrad (Rapin & Teytaud) the portfolio and the
discrete (1+1). Both come with the extra `baselines` and are imported when a search is made.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.checks import whole
from spikeatlas.optim.methods.gaussian_moves import gaussian, snapped
from spikeatlas.optim.methods.populations import own_rows
from spikeatlas.optim.spaces.space import CodeSpace, GaussianSpace, Indices, Points, Space
from spikeatlas.optim.types import Batch, Options, Problem, Scores, State, packed, unpacked


class Engine(Protocol):
    """A library's search of one neuron; its randomness is its own."""

    def ask(self) -> Points:
        """Points (batch, d) of the next generation."""

    def tell(self, scores: npt.NDArray[np.float64]) -> None:
        """Learn the scores (batch,) of the points asked for last; -inf where not measured."""


class Wrapped(Maximizer, ABC):
    """A search with one instance of a library's optimiser for each neuron, on its own proposals.

    The state holds no object of the library: it is the scores told so far, which are told again to
    fresh instances when it is loaded. A generation whose measured scores are all equal is not told.
    Raises ValueError where the library is not installed.
    """

    library: str

    def __init__(self, problem: Problem, options: Options) -> None:
        super().__init__(problem, options)
        self._check(problem.space)
        self._start()

    def _check(self, space: Space) -> None:
        """Raise ValueError for a space that the optimiser cannot search."""

    @abstractmethod
    def _engine(self, library: Any, seed: int) -> Engine:
        """Make the optimiser of one neuron."""

    def _start(self) -> None:
        try:
            with _quiet():
                library = import_module(self.library)
        except ImportError as missing:
            raise ValueError(
                f"{self.library} is not installed; run pip install 'spikeatlas[baselines]', "
                "or choose another method"
            ) from missing
        self._engines = [self._engine(library, seed) for seed in self.problem.seeds]
        shape = (0, self.problem.neurons, self.options.batch)
        self._told = np.empty(shape, dtype=np.float32)  # a generation each, -inf until learnt

    def _propose(self) -> tuple[Points, Indices]:
        with _quiet():
            points = np.stack([engine.ask() for engine in self._engines])
        unknown = np.full((1, *self._told.shape[1:]), -np.inf, dtype=np.float32)
        self._told = np.concatenate([self._told, unknown])
        return in_turn(points)

    def _learn(self, generation: Batch, scores: Scores) -> None:
        own = own_rows(generation, scores)[1]
        self._told[-1, :, : own.shape[1]] = own
        self._teach(self._told[-1])

    def _teach(self, told: Scores) -> None:
        """Tell the engines a generation's scores (N, batch)."""
        with _quiet():
            for engine, scores in zip(self._engines, told.astype(np.float64), strict=True):
                measured = scores[np.isfinite(scores)]
                if len(measured) and measured.min() < measured.max():
                    engine.tell(scores)

    def _state(self) -> State:
        return {"told": packed(self._told)}

    def _load(self, state: State) -> None:
        self._start()
        for told in unpacked(state["told"]):
            self._propose()
            self._told[-1] = told
            self._teach(told)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' advice on how to use them from the user, who does not use them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(cma|nevergrad|bayes_opt)(\.|$)")
        yield


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


class DiagonalCMA(Wrapped):
    """pycma's CMA-ES with a diagonal covariance, from 0; Gaussian spaces only (ValueError)."""

    library = "cma"

    def __init__(self, problem: Problem, options: DiagonalCMAOptions) -> None:
        self._sigma = options.sigma
        super().__init__(problem, options)

    def _check(self, space: Space) -> None:
        self._gaussian = gaussian(space, "CMA-ES")

    def _engine(self, library: Any, seed: int) -> Engine:
        return _CMAEngine(library, self._gaussian, self.options.batch, (self._sigma, seed))


class _CMAEngine:
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
        self._asked: list[Any] = []

    def ask(self) -> Points:
        self._asked = self._search.ask()
        return snapped(self._space, np.array(self._asked))

    def tell(self, scores: npt.NDArray[np.float64]) -> None:
        lowest = scores[np.isfinite(scores)].min()
        self._search.tell(self._asked, (-np.maximum(scores, lowest)).tolist())


class _Nevergrad(Wrapped):
    """An optimiser of nevergrad: codes are an array of ordinal numbers, Gaussian latents one from 0."""

    library = "nevergrad"
    method: str

    def _engine(self, library: Any, seed: int) -> Engine:
        return _NevergradEngine(library, self.method, self.problem, (self.options.batch, seed))


class NevergradPortfolio(_Nevergrad):
    """nevergrad's Portfolio: CMA, two-point differential evolution and scrambled Hammersley."""

    method = "Portfolio"


class NevergradDiscrete(_Nevergrad):
    """nevergrad's DiscreteOnePlusOne."""

    method = "DiscreteOnePlusOne"


class _NevergradEngine:
    def __init__(self, ng: Any, method: str, problem: Problem, start: tuple[int, int]) -> None:
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
        asks = -(
            -problem.budget // self._batch
        )  # the last one may be cut short; it has to be whole
        make = ng.optimizers.registry[method]
        self._search = make(parameter, budget=asks * self._batch, num_workers=self._batch)
        self._asked: list[Any] = []

    def ask(self) -> Points:
        self._asked = [self._search.ask() for _ in range(self._batch)]
        points = np.array([candidate.value for candidate in self._asked])
        if isinstance(self._space, GaussianSpace):
            return snapped(self._space, points)
        assert isinstance(self._space, CodeSpace)
        return np.clip(points.astype(np.int64), 0, self._space.codes - 1)

    def tell(self, scores: npt.NDArray[np.float64]) -> None:
        for candidate, score in zip(self._asked, scores, strict=True):
            if np.isfinite(score):
                self._search.tell(candidate, -float(score))
