"""Methods of other libraries, for comparison: one instance a neuron, asked and told in turn.

The libraries come with the extra `baselines` and are imported when a search is made.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.methods.populations import split_by_owner
from spikeatlas.optim.spaces import Indices, Points
from spikeatlas.optim.types import Batch, Options, Problem, Scores, State, packed, unpacked


class Engine(Protocol):
    """A library's search of one neuron; its randomness is its own."""

    def ask(self) -> Points:
        """Return the points (batch, d) of the next generation."""

    def tell(self, scores: npt.NDArray[np.float64]) -> None:
        """Learn the scores (batch,) of the points asked for last; -inf where not measured."""


class LibrarySearch(Maximizer, ABC):
    """A search with one instance of a library's optimiser for each neuron, on the neuron's proposals.

    The state holds no object of the library: it is the scores so far, which are told again to
    fresh instances when it is loaded. A generation whose measured scores are all equal is not told.
    Raises ValueError where the library is not installed.
    """

    library: ClassVar[str]
    """Its module."""

    def __init__(self, problem: Problem, options: Options) -> None:
        super().__init__(problem, options)
        self._start()

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the library is not installed."""
        problems = super().problems(problem, options)
        try:
            _import_library(cls.library)
        except ImportError:
            problems.append(
                f"{cls.library} is not installed; run pip install 'spikeatlas[baselines]', "
                "or choose another method"
            )
        return problems

    @abstractmethod
    def _engine(self, library: Any, seed: int) -> Engine:
        """Make the optimiser of one neuron."""

    def _start(self) -> None:
        library = _import_library(self.library)
        self._engines = [self._engine(library, seed) for seed in self.problem.seeds]
        shape = (0, self.problem.neurons, self.options.batch)
        self._history = np.empty(shape, dtype=np.float32)  # a generation each, -inf until learnt

    def _propose(self) -> tuple[Points, Indices]:
        with _quiet():
            points = np.stack([engine.ask() for engine in self._engines])
        unknown = np.full((1, *self._history.shape[1:]), -np.inf, dtype=np.float32)
        self._history = np.concatenate([self._history, unknown])
        return in_turn(points)

    def _learn(self, generation: Batch, scores: Scores) -> None:
        _, fitness = split_by_owner(generation, scores)
        self._history[-1, :, : fitness.shape[1]] = fitness
        self._teach(self._history[-1])

    def _teach(self, fitness: Scores) -> None:
        """Tell the engines a generation's scores (N, batch)."""
        with _quiet():
            for engine, scores in zip(self._engines, fitness.astype(np.float64), strict=True):
                measured = scores[np.isfinite(scores)]
                if len(measured) and measured.min() < measured.max():
                    engine.tell(scores)

    def _state(self) -> State:
        return {"history": packed(self._history)}

    def _load(self, state: State) -> None:
        self._start()
        for fitness in unpacked(state["history"]):
            self._propose()
            self._history[-1] = fitness
            self._teach(fitness)


def _import_library(name: str) -> Any:
    """Import a library; numpy's global generator, which nevergrad's import draws from, stays as it is."""
    state = np.random.get_state()  # noqa: NPY002
    with _quiet():
        library = import_module(name)
    np.random.set_state(state)  # noqa: NPY002
    return library


@contextmanager
def _quiet() -> Iterator[None]:
    """Withhold the libraries' advice on their use from users, who do not use them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(cma|nevergrad|bayes_opt)(\.|$)")
        yield
