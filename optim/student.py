"""Students: models of whatever answers, learnt from recordings, that propose the points they expect most of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt

from spikeatlas.optim.spaces import Indices, Points

Recordings: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""Everything that was recorded of k images: arrays of k rows, by name."""
RESPONSE = "response"
"""Name of the searched neurons' own responses among them: (k, m) float32, NaN where not measured. Where none are told, they are
what the search was told."""


@dataclass(frozen=True, eq=False)
class Brief:
    """All that a student is given: what was recorded, and the neurons that want points.

    It depends on nothing else, so that a search that is resumed asks and gets the same.
    """

    points: Points
    """(k, d): what was shown, or a part of it."""
    recordings: Recordings
    """Of these k images: ``response``, and whatever else was told."""
    neurons: Indices
    """(n,): columns of ``response`` for which points are wanted."""
    starts: Points
    """(n, e, d): the best points of each so far."""
    count: int
    """Points that are wanted for each."""
    seed: int
    """Of all random numbers."""


class Student(Protocol):
    """A model that is fitted to a brief and then climbed."""

    def __call__(self, brief: Brief) -> Points:
        """Return points (n, count, d), those it expects most of first; the nearest points of the space are shown."""
        ...
