"""Everything that was shown in some searches, and what was answered: where elites are taken from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Batch, Points


class Archive:
    """The points shown in N searches with their responses.

    Without sharing a search knows its own points and the common ones only: what was proposed for
    another neuron is not its to use.
    """

    def __init__(self, searches: int, *, share: bool) -> None:
        self._searches = searches
        self._share = share
        self._points: list[Points] = []
        self._owner: list[NDArray[np.int64]] = []
        self._answers: list[NDArray[np.float32]] = []

    def add_common(self, points: Points, responses: NDArray[np.float32]) -> None:
        """Enter points (k, d) that every search may use, with responses (k, N)."""
        if self._share:
            self._enter(points, np.full(len(points), -1), responses)
            return
        for search in range(self._searches):
            self._enter(points, np.full(len(points), search), responses[:, search])

    def add(self, batch: Batch, responses: NDArray[np.float32]) -> None:
        """Enter a batch of k proposals with responses (k, N)."""
        own = responses if self._share else responses[np.arange(len(batch)), batch.owner]
        self._enter(batch.points, batch.owner, own)

    def _enter(
        self, points: Points, owner: NDArray[np.int64], answers: NDArray[np.float32]
    ) -> None:
        # an archive may hold millions of codes: each in as few bytes as it needs
        integral = points.dtype.kind in "iu"
        small = np.min_scalar_type(int(points.max(initial=0))) if integral else points.dtype
        self._points.append(points.astype(small))
        self._owner.append(owner.astype(np.int32))
        self._answers.append(np.array(answers, np.float32))

    def ranked(self, sign: int) -> list[tuple[Points, NDArray[np.float32]]]:
        """Of each search, its different points (k, d), best first, and their responses (k,).

        The best: with the highest response times ``sign``; the earliest among equals. A point whose
        response was not measured (NaN) does not count.
        """
        points, answers = np.concatenate(self._points), np.concatenate(self._answers)
        if self._share:
            rows = different(points)
            return [
                _sorted(points[rows], answers[rows, place], sign) for place in range(self._searches)
            ]
        owner = np.concatenate(self._owner)
        found = []
        for search in range(self._searches):
            own = np.flatnonzero(owner == search)
            own = own[different(points[own])]
            found.append(_sorted(points[own], answers[own], sign))
        return found


def different(points: NDArray[np.generic]) -> NDArray[np.int64]:
    """The rows, ascending, at which each different one of points (k, d) stands first."""
    return np.sort(np.unique(points, axis=0, return_index=True)[1])


def _sorted(
    points: Points, answers: NDArray[np.float32], sign: int
) -> tuple[Points, NDArray[np.float32]]:
    measured = np.flatnonzero(~np.isnan(answers))
    order = measured[np.argsort(-sign * answers[measured], kind="stable")]
    return points[order], answers[order]
