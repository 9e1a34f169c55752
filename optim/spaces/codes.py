"""The latents of a VQ-VAE: a code at each position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.checks import whole
from spikeatlas.optim.spaces.base import Indices, Points, check_indices, check_rows


class CodePriorLike(Protocol):
    """Knowledge of typical points of a space of codes; points are int64 (k, positions)."""

    @property
    def positions(self) -> int:
        """Codes a point."""

    @property
    def codes(self) -> int:
        """Values a code can take."""

    def redraw(
        self, points: Indices, free: npt.NDArray[np.bool_], uniform: npt.NDArray[np.float64]
    ) -> Indices:
        """Draw the codes at `free` (k, positions) again, each given those before it; others stay.

        A row depends on its own uniform numbers (k, positions), in [0, 1), and on nothing else.
        """


@dataclass(frozen=True)
class CodeSpace:
    """Categorical latents: one code out of `codes` at each of `positions`.

    Points are int64 (k, positions) in [0, codes). `embedding` (codes, features), where given,
    holds the code vectors for methods that use the geometry of the codes. `prior`, where given,
    knows which points are typical: `sample` draws those, and the screened search redraws parts of
    points with it; without, codes are independent and uniform.
    Raises ValueError where a size is out of range, or the embedding or the prior does not fit.
    """

    positions: int
    codes: int
    embedding: npt.NDArray[np.floating] | None = field(default=None, repr=False, compare=False)
    prior: CodePriorLike | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        whole("positions", self.positions, 1)
        whole("codes", self.codes, 2)
        shape = (self.codes,) if self.embedding is None else self.embedding.shape[:1]
        if shape != (self.codes,):
            raise ValueError(
                f"embedding has {shape} rows; it needs one for each of the {self.codes} codes"
            )
        self._check_prior()

    @property
    def dim(self) -> int:
        """Number of positions."""
        return self.positions

    @property
    def levels(self) -> int:
        """Number of codes."""
        return self.codes

    @property
    def dtype(self) -> np.dtype[np.int64]:
        """Number type of the points, int64."""
        return np.dtype(np.int64)

    def sample(self, rng: np.random.Generator, count: int) -> Points:
        """Draw `count` points from the prior, or with independent, uniform codes."""
        points: Points = self.sample_each([rng], count)[0]
        return points

    def sample_each(self, rngs: Sequence[np.random.Generator], count: int) -> Points:
        """Draw `count` points of each of N generators, (N, count, positions), all in one call of the prior."""
        shape = (count, self.positions)
        if self.prior is None:
            codes = [rng.integers(self.codes, size=shape, dtype=np.int64) for rng in rngs]
            return np.stack(codes)
        uniform = np.concatenate([rng.random(shape) for rng in rngs])
        free = np.ones(uniform.shape, np.bool_)
        points = self.prior.redraw(np.zeros(uniform.shape, np.int64), free, uniform)
        return points.reshape(len(rngs), *shape)

    def from_indices(self, indices: Indices) -> Points:
        """Return the points at the indices, which are the codes; ValueError outside [0, codes)."""
        return check_indices(indices, self).copy()

    def to_indices(self, points: Points) -> Indices:
        """Return the points' indices (k, positions); ValueError outside [0, codes)."""
        return check_indices(points, self).copy()

    def contains(self, points: Points) -> npt.NDArray[np.bool_]:
        """Tell which rows hold whole numbers in [0, codes) only."""
        rows = check_rows(points, self.dim)
        inside = (rows >= 0) & (rows < self.codes) & (rows == np.floor(rows))
        return cast("npt.NDArray[np.bool_]", inside.all(axis=1))

    def _check_prior(self) -> None:
        if self.prior is None:
            return
        positions, codes = self.prior.positions, self.prior.codes
        if (positions, codes) != (self.positions, self.codes):
            raise ValueError(
                f"prior is of {positions} positions and {codes} codes; this space has "
                f"{self.positions} and {self.codes}: train it with the same generator's codes"
            )


def squared_distances(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the squared distances (n, n) between the rows of `vectors` (n, k)."""
    squares = np.square(vectors).sum(axis=1)
    distances: npt.NDArray[np.float64] = squares[:, None] + squares - 2 * vectors @ vectors.T
    return distances
