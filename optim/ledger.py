"""Bookkeeping of a search: proposals, answers, the best so far, the budget that remains.

Done in one place, so that no method can lose a best or overrun its budget.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.spaces import Indices, Points
from spikeatlas.optim.types import Batch, Problem, Result, Scores, State, packed, unpacked

_BOOKS = (
    "proposal_count",
    "answer_count",
    "column",
    "best_point",
    "best_score",
    "best_slot",
    "peaks",
    "lowest",
    "highest",
)


class SearchLedger:
    """Bookkeeping of one search.

    A score is the response times the problem's sign, -inf where it was not measured or, without
    sharing, belongs to another neuron's image: higher is better, whatever is searched for.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._sign = np.float32(problem.sign)
        neurons, budget, space = problem.neurons, problem.budget, problem.space
        self.pending = Batch.empty(space)  # proposed, not answered; by ascending slot
        # one entry a neuron; the last counts images for all, which owner -1 happens to index
        self.proposal_count = np.zeros(neurons + 1, dtype=np.int64)
        self.answer_count = np.zeros(neurons + 1, dtype=np.int64)
        self.column = np.zeros(neurons * budget, dtype=np.int64)  # the history column of a slot
        self.best_point = np.zeros((neurons, space.dim), dtype=space.dtype)
        self.best_score = np.full(neurons, -np.inf, dtype=np.float32)
        self.best_slot = np.full(neurons, -1, dtype=np.int64)
        self.peaks = np.full((neurons, budget), -np.inf, dtype=np.float32)  # best of each column
        self.lowest = np.full(neurons, np.nan, dtype=np.float32)
        self.highest = np.full(neurons, np.nan, dtype=np.float32)

    @property
    def remaining(self) -> int:
        """Images that may still be proposed, of budget * N."""
        return len(self.column) - int(self.proposal_count.sum())

    def propose(self, points: Points, owner: Indices) -> Batch:
        """Enter proposals, points (k, d) for owners (k,), in order; return those in the budget."""
        count = self.proposal_count[owner] + _ranks(owner)
        common = (owner < 0) | self._problem.adaptive
        limit = np.where(common, len(self.column), self._problem.budget)
        affordable = count < limit
        affordable &= np.cumsum(affordable) <= self.remaining
        points, owner, count = points[affordable], owner[affordable], count[affordable]
        slot = int(self.proposal_count.sum()) + np.arange(len(owner))
        self.column[slot] = slot // self._problem.neurons if self._problem.share else count
        self.proposal_count += self._tally(owner)
        batch = Batch(points, owner, slot)
        self._start(batch)
        self.pending = self.pending.join(batch)
        return batch

    def _start(self, batch: Batch) -> None:
        """Let a neuron's first proposal be its best point until something is measured."""
        usable = (batch.owner[:, None] < 0) | (batch.owner[:, None] == self._neurons)
        new = usable.any(axis=0) & (self.best_slot < 0)
        first = usable.argmax(axis=0)[new]
        self.best_point[new], self.best_slot[new] = batch.points[first], batch.slot[first]

    def tell_screening(self, points: Points, responses: npt.ArrayLike) -> Scores:
        """Enter images (k, d) shown to all neurons before the search; return their scores (k, N)."""
        count, share = len(points), self._problem.share
        if self.proposal_count.any():
            raise RuntimeError("a screening is told before the first ask()")
        if count >= (len(self.column) if share else self._problem.budget):
            raise ValueError(
                f"the screening has {count} images, which leaves nothing of the budget; "
                "raise the budget or screen fewer"
            )
        if not self._problem.space.contains(points).all():
            raise ValueError("the screening holds points that are not in the space")
        values = np.array(responses, dtype=np.float32)
        if values.shape != (count, self._problem.neurons) or np.isinf(values).any():
            raise ValueError(
                f"the screening's responses have shape {values.shape}; they must be "
                f"{(count, self._problem.neurons)}, finite or NaN: not measured"
            )
        if not count:
            return values
        neurons = self._neurons
        owner = np.full(count, -1) if share else np.repeat(neurons, count)
        rows = np.arange(count) if share else np.tile(np.arange(count), len(neurons))
        self.tell(self.propose(points[rows], owner), values[rows])
        return np.where(np.isnan(values), -np.inf, self._sign * values)

    def tell(self, batch: Batch, responses: npt.ArrayLike) -> tuple[Batch, Scores]:
        """Enter the responses (k, N) to rows of `batch`; return these as they were proposed, and their scores (k, N)."""
        rows = self._find(batch)
        batch = self.pending.take(rows)
        values = self._check(batch.owner, responses)
        scores = np.where(np.isnan(values), -np.inf, self._sign * values)
        if len(batch):
            self._record(batch, scores)
            self.lowest = np.fmin(self.lowest, np.fmin.reduce(values))
            self.highest = np.fmax(self.highest, np.fmax.reduce(values))
        self.answer_count += self._tally(batch.owner)
        self.pending = self.pending.take(np.delete(np.arange(len(self.pending)), rows))
        return batch, scores

    def _find(self, batch: Batch) -> Indices:
        """Find the pending row of every row of `batch`, whatever a caller did to its points."""
        slots, counts = np.unique(batch.slot, return_counts=True)
        wrong = slots[(counts > 1) | ~np.isin(slots, self.pending.slot)]
        if len(wrong):
            raise ValueError(
                f"batch.slot {wrong[0]} is unknown, doubled or was told before; "
                "tell each row of a batch once"
            )
        return np.searchsorted(self.pending.slot, batch.slot)

    def _check(self, owner: Indices, responses: npt.ArrayLike) -> Scores:
        """Return the responses (k, N), checked; NaN where they are another neuron's business."""
        with np.errstate(over="ignore"):
            values = np.array(responses, dtype=np.float32)
        expected = (len(owner), self._problem.neurons)
        if values.shape != expected:
            raise ValueError(
                f"responses have shape {values.shape}; it must be {expected}: "
                "one row for each point of the batch, one column for each neuron"
            )
        if np.isinf(values).any():
            raise ValueError("responses are infinite; give finite numbers, or NaN: not measured")
        if not self._problem.share:
            values[owner[:, None] != self._neurons] = np.nan
        return values

    def _record(self, batch: Batch, scores: Scores) -> None:
        """Update peaks and bests; among equal scores the first proposal wins."""
        self._raise_peaks(batch, scores)
        order = np.argsort(batch.slot)
        top = order[scores[order].argmax(axis=0)]
        score, slot = scores[top, self._neurons], batch.slot[top]
        earlier = (score == self.best_score) & (slot < self.best_slot) & np.isfinite(score)
        better = (score > self.best_score) | earlier
        self.best_score[better], self.best_slot[better] = score[better], slot[better]
        self.best_point[better] = batch.points[top[better]]

    def _raise_peaks(self, batch: Batch, scores: Scores) -> None:
        column = self.column[batch.slot]
        if self._problem.share:
            np.maximum.at(self.peaks.T, column, scores)
            return
        # a column of a neuron is one of its own images, and so are its scores: no place comes twice
        values = scores[np.arange(len(scores)), batch.owner]
        self.peaks[batch.owner, column] = np.maximum(self.peaks[batch.owner, column], values)

    def _tally(self, owner: Indices) -> Indices:
        """Count the rows of each owner (N + 1,); the last counts those for all (-1)."""
        size = self._problem.neurons + 1
        return np.bincount(owner % size, minlength=size)

    def result(self) -> Result:
        """Return the outcome so far; RuntimeError before the first proposal."""
        if (self.best_slot < 0).any():
            raise RuntimeError("there is no result before the first ask()")
        for_all = -(-self.answer_count[-1] // self._problem.neurons)
        return Result(
            best_point=self.best_point.copy(),
            best_response=self._responses(self.best_score),
            history=self._responses(np.maximum.accumulate(self.peaks, axis=1)),
            queries=self.answer_count[:-1] + for_all,
            lowest=self.lowest.copy(),
            highest=self.highest.copy(),
        )

    def _responses(self, scores: Scores) -> Scores:
        return np.where(np.isfinite(scores), self._sign * scores, np.float32(np.nan))

    @property
    def _neurons(self) -> Indices:
        return np.arange(self._problem.neurons)

    def state_dict(self) -> State:
        """Copy the whole bookkeeping into tensors."""
        books = {name: packed(getattr(self, name)) for name in _BOOKS}
        return {"pending": self.pending.state_dict(), **books}

    def load_state_dict(self, state: State) -> None:
        """Put back a copy that `state_dict` made."""
        self.pending = Batch.from_state(state["pending"])
        for name in _BOOKS:
            setattr(self, name, unpacked(state[name]))


def _ranks(owner: Indices) -> Indices:
    """Count, for each row, the earlier rows of the same owner."""
    order = np.argsort(owner, kind="stable")
    ordered = owner[order]
    ranks = np.empty(len(owner), dtype=np.int64)
    ranks[order] = np.arange(len(owner)) - np.searchsorted(ordered, ordered)
    return ranks
