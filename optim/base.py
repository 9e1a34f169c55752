"""The contract of every search method: ask for stimuli, tell the responses, read the result.

    while not search.done:
        batch = search.ask()
        search.tell(batch, responses)          # (k, N), NaN = not measured
    result = search.result()

A method is a subclass of `Maximizer` that adds proposals and learning; bookkeeping is done here and in the ledger.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.ledger import SearchLedger
from spikeatlas.optim.spaces import Indices, Points
from spikeatlas.optim.student import Recordings
from spikeatlas.optim.types import Batch, Options, Problem, Result, Scores, State, packed, unpacked

_Number = TypeVar("_Number", bound=np.generic)


class Maximizer(ABC):
    """A gradient-free search for the best stimulus of each of N neurons at once.

    Rows may be told in any order and any subset, also late; each of them once. Best and history
    follow at once; a method learns from a generation (the rows of one ask) when all of it was told
    or, with the rows measured by then, at the next ask.

    A subclass declares its options and what it makes use of in the class variables, lists in `problems` what it
    cannot search, and defines `_propose`; where it learns, `_learn`; where it has a state beside the
    generators, `_state` and `_load`. It draws from `_rngs` (N generators, one a neuron) for a neuron's
    own images and, when sharing, from `_common_rng` for images of all. Raises ValueError with the first of
    its problems.
    """

    preset: ClassVar[Options] = Options()
    """The options, with their default values."""
    uses_screening: ClassVar[bool] = False
    """Learns from images shown to all neurons beforehand (`_learn_screening`)."""
    uses_pool: ClassVar[bool] = False
    """Shows the points of `Problem.pool`."""
    can_start: ClassVar[bool] = False
    """Starts from the points of `Problem.starts` where there are any."""
    can_adapt: ClassVar[bool] = False
    """Moves its budget between neurons where `Problem.adaptive`."""
    uses_student: ClassVar[bool] = False
    """Asks `Problem.student` for points, and learns from recordings."""

    def __init__(self, problem: Problem, options: Options) -> None:
        problems = self.problems(problem, options)
        if problems:
            raise ValueError(problems[0])
        self.problem = problem
        self.options = options
        self._ledger = SearchLedger(problem)
        self._generation = Batch.empty(problem.space)  # empty: learnt, or none asked for
        self._scores = np.empty((0, problem.neurons), dtype=np.float32)
        self._rngs = [np.random.default_rng(seed) for seed in problem.seeds]
        self._common_rng = np.random.default_rng(problem.seeds)  # for images that all share

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:  # noqa: ARG003 (none by default)
        """Say in sentences why the method cannot search a problem with such options."""
        return []

    @property
    def done(self) -> bool:
        """True once the whole budget was proposed; rows not yet told can still be told."""
        return self._ledger.remaining == 0

    @property
    def pending(self) -> Batch:
        """The rows that were proposed and not told yet, for who lost them (a resumed run)."""
        return self._ledger.pending.take(slice(None))

    def tell_screening(
        self, points: Points, responses: npt.ArrayLike, recordings: Recordings | None = None
    ) -> None:
        """Tell the responses (k, N) to points (k, d) that were shown before this search, once for all; `recordings` as in `tell`.

        They are charged in full: as k images in total when sharing, as k own images of every neuron
        otherwise. Only before the first ask (RuntimeError); ValueError where k leaves nothing of the
        budget, or a point is not in the space.
        """
        scores = self._ledger.tell_screening(points, responses)
        if len(points):
            everyone = np.full(len(points), -1)
            batch = Batch(np.array(points), everyone, np.arange(len(points)))
            self._note(batch, scores, recordings or {})
            self._learn_screening(batch.points, scores)

    def ask(self) -> Batch:
        """Propose the next generation, within the budget; RuntimeError when done."""
        if self.done:
            raise RuntimeError("the budget is spent: check `done` before ask()")
        self._close()
        self._generation = self._ledger.propose(*self._propose())
        self._scores = np.full((len(self._generation), self.problem.neurons), -np.inf, np.float32)
        return self._generation.take(slice(None))

    def tell(
        self, batch: Batch, responses: npt.ArrayLike, recordings: Recordings | None = None
    ) -> None:
        """Take the responses (k, N) to the rows of `batch`, NaN where not measured.

        Without sharing only the owner's column is read. `recordings`: whatever else the subject told of these rows, for
        methods that learn from it. Raises ValueError where the shape does not fit, a response is infinite, or a row is unknown
        or was told before.
        """
        rows, scores = self._ledger.tell(batch, responses)
        self._note(rows, scores, recordings or {})
        if not len(self._generation):
            return
        first = self._generation.slot[0]
        current = rows.slot >= first
        self._scores[rows.slot[current] - first] = scores[current]
        if not (self._ledger.pending.slot >= first).any():
            self._close()

    def result(self) -> Result:
        """Return the outcome so far; RuntimeError before the first ask."""
        return self._ledger.result()

    def state_dict(self) -> State:
        """Copy the whole state, generators included: nested dicts and lists of tensors, int, str.

        `torch.save` writes it and `torch.load(weights_only=True)` reads it.
        """
        return {
            "search": self._identity(),
            "ledger": self._ledger.state_dict(),
            "generation": self._generation.state_dict(),
            "scores": packed(self._scores),
            "rngs": [rng.bit_generator.state for rng in (*self._rngs, self._common_rng)],
            "method": self._state(),
        }

    def load_state_dict(self, state: State) -> None:
        """Go on from a `state_dict`; ValueError if it is of another search."""
        identity, other = self._identity(), state["search"]
        differences = [name for name in identity if identity[name] != other.get(name)]
        if differences:
            raise ValueError(
                f"the state is of another search: {', '.join(differences)} differ; "
                "make the maximizer with the arguments it was saved from"
            )
        self._ledger.load_state_dict(state["ledger"])
        self._generation = Batch.from_state(state["generation"])
        self._scores = unpacked(state["scores"])
        for rng, rng_state in zip((*self._rngs, self._common_rng), state["rngs"], strict=True):
            rng.bit_generator.state = rng_state
        self._load(state["method"])

    def _identity(self) -> dict[str, str]:
        options = repr(self.options)
        return {"method": type(self).__name__, "options": options, **self.problem.identity()}

    def _close(self) -> None:
        """Learn from the current generation, once, if anything of it was measured."""
        generation, scores = self._generation, self._scores
        self._generation, self._scores = generation.take(slice(0)), scores[:0]
        if np.isfinite(scores).any():
            self._learn(generation, scores)

    @abstractmethod
    def _propose(self) -> tuple[Points, Indices]:
        """Return points (k, d) and owners (k,) of a generation; the ledger cuts off the excess.

        Rows come in the order of proposal and bring at least one for a neuron with budget left.
        """

    def _learn(self, generation: Batch, scores: Scores) -> None:  # noqa: B027 (may be nothing)
        """Learn from a generation's scores (k, N): sign * response, -inf where not measured."""

    def _note(self, batch: Batch, scores: Scores, recordings: Recordings) -> None:  # noqa: B027
        """Note what was told of a batch, as soon as it was: scores (k, N), and whatever else was recorded."""

    def _learn_screening(self, points: Points, scores: Scores) -> None:  # noqa: B027 (may be nothing)
        """Learn from the scores (k, N) of a screening; most methods start from nothing."""

    def _state(self) -> State:
        """Copy the state of the method's own learning."""
        return {}

    def _load(self, state: State) -> None:  # noqa: B027 (may be nothing)
        """Put back a copy that `_state` made."""


@dataclass(frozen=True)
class Method:
    """A search method with other options than its class has: a preset."""

    search: type[Maximizer]
    preset: Options


def in_turn(points: npt.NDArray[_Number]) -> tuple[npt.NDArray[_Number], Indices]:
    """Order points (N, k, d) so that the neurons take turns; return rows (k * N, d), owners."""
    neurons, count, dim = points.shape
    rows = points.swapaxes(0, 1).reshape(count * neurons, dim)
    return rows, np.tile(np.arange(neurons), count)
