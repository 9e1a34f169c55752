"""The contract of a latent space: its prior and, where it is a grid, the way between grid indices and points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Points: TypeAlias = npt.NDArray[np.int64 | np.float32]
Indices: TypeAlias = npt.NDArray[np.int64]


class Space(Protocol):
    """A latent space as a search needs to know it; points are rows of (k, dim) arrays.

    A frozen dataclass: its `repr` names the space in the states of searches.
    """

    @property
    def dim(self) -> int:
        """Number of coordinates d of a point."""

    @property
    def levels(self) -> int | None:
        """Number of values a coordinate can take, None where it is continuous."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Number type of a point's coordinates."""

    def sample(self, rng: np.random.Generator, count: int) -> Points:
        """Draw `count` points (count, dim) from the prior."""

    def sample_each(self, rngs: Sequence[np.random.Generator], count: int) -> Points:
        """Draw `count` points of each of N generators, (N, count, dim): those that `sample` draws of it."""

    def from_indices(self, indices: Indices) -> Points:
        """Return the points (k, dim) at grid indices (k, dim), each in [0, levels)."""

    def to_indices(self, points: Points) -> Indices:
        """Return the grid indices (k, dim), int64, of points (k, dim): the nearest levels."""

    def contains(self, points: Points) -> npt.NDArray[np.bool_]:
        """Tell which rows of `points` (k, dim) are points of the space, (k,)."""


def check_rows(points: npt.NDArray[Any], dim: int) -> npt.NDArray[Any]:
    """Return `points` unchanged; ValueError unless they are (k, dim)."""
    if points.ndim != 2 or points.shape[1] != dim:
        raise ValueError(f"points have shape {points.shape}; it must be (k, {dim})")
    return points


def check_indices(indices: npt.NDArray[Any], space: Space) -> Indices:
    """Return `indices` (k, dim) as int64; ValueError unless they are whole numbers in [0, levels)."""
    rows = check_rows(indices, space.dim)
    outside = rows[(rows < 0) | (rows >= space.levels)] if space.levels else rows[:0]
    if rows.dtype.kind not in "iu" or outside.size:
        wrong = outside[0] if outside.size else f"of type {rows.dtype}"
        raise ValueError(f"an index is {wrong}; it must be a whole number in [0, {space.levels})")
    return rows.astype(np.int64, copy=False)
