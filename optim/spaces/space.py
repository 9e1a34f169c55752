"""The latent spaces that are searched: codes of a VQ-VAE, Gaussian vectors of a GAN.

A space knows its prior and, where it is a grid, the way between grid indices and points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist
from typing import Any, Literal, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.checks import whole
from spikeatlas.optim.spaces.norm import KINDS, Shell, ShellKind

Points: TypeAlias = npt.NDArray[np.int64 | np.float32]
Indices: TypeAlias = npt.NDArray[np.int64]


class Space(Protocol):
    """What a maximiser needs to know of a latent space; points are rows of (k, dim) arrays."""

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

    def from_indices(self, indices: Indices) -> Points:
        """Points (k, dim) at the grid indices (k, dim), each in [0, levels)."""

    def to_indices(self, points: Points) -> Indices:
        """Grid indices (k, dim), int64, of points (k, dim): the nearest levels."""

    def contains(self, points: Points) -> npt.NDArray[np.bool_]:
        """Whether each row of `points` (k, dim) is a point of the space, (k,)."""


class CodePriorLike(Protocol):
    """What a space of codes needs to know of typical points; points are int64 (k, positions)."""

    @property
    def positions(self) -> int:
        """Codes a point."""

    @property
    def codes(self) -> int:
        """Values a code can take."""

    def sample(self, rng: np.random.Generator, count: int) -> Indices:
        """Draw `count` typical points."""

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
        """Points are int64."""
        return np.dtype(np.int64)

    def sample(self, rng: np.random.Generator, count: int) -> Points:
        """Draw `count` points from the prior, or with independent, uniform codes."""
        if self.prior is not None:
            return self.prior.sample(rng, count)
        return rng.integers(self.codes, size=(count, self.positions), dtype=np.int64)

    def from_indices(self, indices: Indices) -> Points:
        """Points at the indices: the indices are the codes; ValueError outside [0, codes)."""
        return _checked_indices(indices, self).copy()

    def to_indices(self, points: Points) -> Indices:
        """Give the points' indices (k, positions); ValueError outside [0, codes)."""
        return _checked_indices(points, self).copy()

    def contains(self, points: Points) -> npt.NDArray[np.bool_]:
        """Whether each row holds whole numbers in [0, codes) only."""
        rows = _rows(points, self.dim)
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


@dataclass(frozen=True)
class GaussianSpace:
    """Latents with the prior N(0, I), on a grid of `levels` a coordinate or, with None, continuous.

    Points are float32 (k, dim). On the `quantile` grid, level i is the standard normal's quantile
    (i + 1/2) / levels, so the prior is uniform over the levels; `span` plays no part. The `uniform`
    grid has equal steps over [-span, span], and its prior is N(0, 1) rounded to the nearest level.
    `shell` holds the points' lengths where the prior's are (see `Shell`), which only a continuous
    space can.
    Raises ValueError where a size is out of range, the grid or the shell is unknown, or a grid has a shell.
    """

    dim: int
    levels: int | None = 64
    span: float = 4.0
    grid: Literal["quantile", "uniform"] = "quantile"
    shell: ShellKind = "free"

    def __post_init__(self) -> None:
        whole("dim", self.dim, 1)
        if self.levels is not None:
            whole("levels", self.levels, 2)
        if not 0 < self.span < np.inf:
            raise ValueError(f"span is {self.span!r}; it must be a finite number above 0")
        if self.grid not in ("quantile", "uniform"):
            raise ValueError(f"grid is {self.grid!r}; it must be 'quantile' or 'uniform'")
        if self.shell not in KINDS:
            raise ValueError(f"shell is {self.shell!r}; it must be {', '.join(KINDS)}")
        if self.shell != "free" and self.levels is not None:
            raise ValueError(
                f"shell is {self.shell!r}, but points of a grid cannot be held at a length; make the "
                "space continuous (grid: continuous), or choose shell: free"
            )

    @property
    def dtype(self) -> np.dtype[np.float32]:
        """Points are float32."""
        return np.dtype(np.float32)

    @cached_property
    def values(self) -> npt.NDArray[np.float32]:
        """The grid's levels in ascending order, (levels,); ValueError where it is continuous."""
        if self.levels is None:
            raise ValueError("levels is None: a continuous space has no grid; set levels, say 64")
        if self.grid == "uniform":
            return np.linspace(-self.span, self.span, self.levels, dtype=np.float32)
        quantile = NormalDist().inv_cdf
        probabilities = (np.arange(self.levels) + 0.5) / self.levels
        return np.array([quantile(float(p)) for p in probabilities], dtype=np.float32)

    def sample(self, rng: np.random.Generator, count: int) -> Points:
        """Draw `count` points from the prior (of the grid, where there is one)."""
        shape = (count, self.dim)
        if self.levels is None:
            return self._shell.sample(rng, count).astype(np.float32)
        if self.grid == "quantile":
            return self.values[rng.integers(self.levels, size=shape)]
        return self.values[self._nearest(rng.standard_normal(shape))]

    def from_indices(self, indices: Indices) -> Points:
        """Points at the grid indices; ValueError outside [0, levels) or where continuous."""
        return self.values[_checked_indices(indices, self)]

    def to_indices(self, points: Points) -> Indices:
        """Give the indices of the nearest levels; ValueError where the space is continuous."""
        return self._nearest(_rows(points, self.dim))

    def contains(self, points: Points) -> npt.NDArray[np.bool_]:
        """Whether each row stands on the grid exactly (continuous: is finite, and of the shell's length)."""
        rows = _rows(points, self.dim)
        if self.levels is None:
            return np.asarray(np.isfinite(rows).all(axis=1) & self._shell.contains(rows))
        inside = rows == self.values[self._nearest(rows)]
        return cast("npt.NDArray[np.bool_]", inside.all(axis=1))

    def nearest(self, vectors: npt.NDArray[np.float64]) -> Points:
        """Points (k, d) of the space nearest to real vectors (k, d)."""
        if self.levels is None:
            return self._shell.hold(vectors).astype(self.dtype)
        return self.from_indices(self.to_indices(vectors.astype(self.dtype)))

    @cached_property
    def _shell(self) -> Shell:
        return Shell(self.shell, self.dim)

    def _nearest(self, values: npt.NDArray[Any]) -> Indices:
        middles = (self.values[1:].astype(np.float64) + self.values[:-1]) / 2
        return np.searchsorted(middles, values).astype(np.int64)


def squared_distances(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Squared distances (n, n) between the rows of `vectors` (n, k)."""
    squares = np.square(vectors).sum(axis=1)
    distances: npt.NDArray[np.float64] = squares[:, None] + squares - 2 * vectors @ vectors.T
    return distances


def _rows(points: npt.NDArray[Any], dim: int) -> npt.NDArray[Any]:
    if points.ndim != 2 or points.shape[1] != dim:
        raise ValueError(f"points have shape {points.shape}; it must be (k, {dim})")
    return points


def _checked_indices(indices: npt.NDArray[Any], space: Space) -> Indices:
    rows = _rows(indices, space.dim)
    outside = rows[(rows < 0) | (rows >= space.levels)] if space.levels else rows[:0]
    if rows.dtype.kind not in "iu" or outside.size:
        wrong = outside[0] if outside.size else f"of type {rows.dtype}"
        raise ValueError(f"an index is {wrong}; it must be a whole number in [0, {space.levels})")
    return rows.astype(np.int64, copy=False)
