"""Memory of what was shown to a group of neurons, with everything that was recorded of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.spaces import Indices, Points
from spikeatlas.optim.student import RESPONSE, Recordings
from spikeatlas.optim.types import State, packed, unpacked

_BEST = 12
"""Best images of each neuron, which are forgotten last."""
_POINTS, _SLOTS = "points", "slots"
_OWN = (_POINTS, _SLOTS)

Arrays = dict[str, npt.NDArray[Any]]


class RecordingMemory:
    """Images of a group of neurons that learn from each other: all, or one that is isolated.

    What it holds does not depend on the order in which images of one generation were told. `sign` as the problem's;
    `most`: images that are kept, the best of each neuron and others at random.
    """

    def __init__(self, sign: int, most: int) -> None:
        self._sign, self._most = sign, most
        self._arrays: Arrays = {}
        self._news: list[Arrays] = []  # told since the last `settle`

    def __len__(self) -> int:
        return len(self._arrays.get(_SLOTS, ()))

    @property
    def points(self) -> Points:
        """All images (k, d)."""
        return self._arrays[_POINTS]

    @property
    def recordings(self) -> Recordings:
        """Recordings of them, by name."""
        return {name: rows for name, rows in self._arrays.items() if name not in _OWN}

    def add(self, points: Points, slots: Indices, recordings: Recordings) -> None:
        """Enter images (k, d) by their numbers (k,) in the search, with recordings; ValueError where others were told before."""
        news = {_POINTS: points, _SLOTS: slots, **recordings}
        before = self._news[0] if self._news else self._arrays
        if before and news.keys() != before.keys():
            names, others = (sorted(set(part) - {*_OWN, RESPONSE}) for part in (news, before))
            raise ValueError(
                f"recordings are {names}, but of earlier images they were {others}: tell the same of every image"
            )
        self._news.append(news)

    def settle(self, rng: np.random.Generator) -> None:
        """Sort in what was told since, and forget what there is no room for."""
        if not self._news:
            return
        parts = [self._arrays, *self._news] if self._arrays else self._news
        arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[-1]}
        order = np.argsort(arrays[_SLOTS], kind="stable")
        self._arrays, self._news = {name: rows[order] for name, rows in arrays.items()}, []
        if len(self) > self._most:
            self._forget(rng)

    def _forget(self, rng: np.random.Generator) -> None:
        luck = rng.random(len(self))
        luck[self._ranked()[:, :_BEST]] += 1
        rows = np.sort(np.argsort(-luck, kind="stable")[: self._most])
        self._arrays = {name: values[rows] for name, values in self._arrays.items()}

    def _ranked(self) -> Indices:
        """Return the rows (m, k) by each neuron's responses, the best first, the newest among equals."""
        scores = self._sign * self._arrays[RESPONSE][::-1].T
        scores = np.where(np.isnan(scores), -np.inf, scores)
        return np.asarray(scores.shape[1] - 1 - np.argsort(-scores, axis=1, kind="stable"))

    def best(self, count: int) -> Points:
        """Return the best different points (m, count, d) of each neuron, again from the first where they are fewer."""
        rows = self._ranked()[:, : 8 * count]
        return np.stack([_different(self.points[row], count) for row in rows])

    def state_dict(self) -> State:
        """Copy all that was told."""
        parts = [self._arrays, *self._news]
        return {"parts": [{name: packed(rows) for name, rows in part.items()} for part in parts]}

    def load_state_dict(self, state: State) -> None:
        """Put back a copy that `state_dict` made."""
        parts = [{name: unpacked(rows) for name, rows in part.items()} for part in state["parts"]]
        self._arrays, self._news = parts[0], parts[1:]


def _different(points: Points, count: int) -> Points:
    """Return the first `count` different ones of points (k, d)."""
    first = np.sort(np.unique(points, axis=0, return_index=True)[1])[:count]
    return points[np.resize(first, count)]
