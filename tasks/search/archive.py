"""The archive of some searches: all the points that they showed, and the responses."""

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
        self._responses: list[NDArray[np.float32]] = []

    def add_common(self, points: Points, responses: NDArray[np.float32]) -> None:
        """Enter points (k, d) that every search may use, with responses (k, N)."""
        if self._share:
            self._enter(points, np.full(len(points), -1), responses)
            return
        for search in range(self._searches):
            self._enter(points, np.full(len(points), search), responses[:, search])

    def add(self, batch: Batch, responses: NDArray[np.float32]) -> None:
        """Enter a batch of k proposals with responses (k, N)."""
        entries = responses if self._share else responses[np.arange(len(batch)), batch.owner]
        self._enter(batch.points, batch.owner, entries)

    def _enter(
        self, points: Points, owner: NDArray[np.int64], responses: NDArray[np.float32]
    ) -> None:
        # an archive may hold millions of codes: each in as few bytes as it needs
        integral = points.dtype.kind in "iu"
        small = np.min_scalar_type(int(points.max(initial=0))) if integral else points.dtype
        self._points.append(points.astype(small))
        self._owner.append(owner.astype(np.int32))
        self._responses.append(np.array(responses, np.float32))

    def of(self, searches: slice) -> Archive:
        """Return the archive of some of the searches, which share their points."""
        archive = Archive(len(range(self._searches)[searches]), share=self._share)
        archive._points, archive._owner = self._points, self._owner
        archive._responses = [responses[:, searches] for responses in self._responses]
        return archive

    def ranked(self, sign: int) -> list[tuple[Points, NDArray[np.float32]]]:
        """Return the different points (k, d) of each search, best first, and their responses (k,).

        The best: with the highest response times ``sign``; the earliest among equals. A point whose
        response was not measured (NaN) does not count.
        """
        points, responses = np.concatenate(self._points), np.concatenate(self._responses)
        if self._share:
            rows = different(points)
            return [
                _sorted(points[rows], responses[rows, search], sign)
                for search in range(self._searches)
            ]
        owner = np.concatenate(self._owner)
        ranked = []
        for search in range(self._searches):
            rows = np.flatnonzero(owner == search)
            rows = rows[different(points[rows])]
            ranked.append(_sorted(points[rows], responses[rows], sign))
        return ranked


def different(points: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the rows, ascending, at which each different one of points (k, d) stands first."""
    return np.sort(np.unique(points, axis=0, return_index=True)[1])


def _sorted(
    points: Points, responses: NDArray[np.float32], sign: int
) -> tuple[Points, NDArray[np.float32]]:
    measured = np.flatnonzero(~np.isnan(responses))
    order = measured[np.argsort(-sign * responses[measured], kind="stable")]
    return points[order], responses[order]
