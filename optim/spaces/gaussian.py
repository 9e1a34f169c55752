"""The latents of a GAN: vectors with a normal prior, on a grid or continuous."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.checks import whole
from spikeatlas.optim.spaces.base import Indices, Points, Space, check_indices, check_rows
from spikeatlas.optim.spaces.norm import KINDS, NormConstraint, NormKind


@dataclass(frozen=True)
class GaussianSpace:
    """Latents with the prior N(0, I), on a grid of `levels` a coordinate or, with None, continuous.

    Points are float32 (k, dim). On the `quantile` grid, level i is the standard normal's quantile
    (i + 1/2) / levels, so the prior is uniform over the levels; `span` plays no part. The `uniform`
    grid has equal steps over [-span, span], and its prior is N(0, 1) rounded to the nearest level.
    `shell` constrains the points' norms to where the prior's are (see `NormConstraint`), which only a
    continuous space can.
    Raises ValueError where a size is out of range, the grid or the shell is unknown, or a grid has a shell.
    """

    dim: int
    levels: int | None = 64
    span: float = 4.0
    grid: Literal["quantile", "uniform"] = "quantile"
    shell: NormKind = "free"

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
        """Number type of the points, float32."""
        return np.dtype(np.float32)

    @cached_property
    def values(self) -> npt.NDArray[np.float32]:
        """Levels of the grid in ascending order, (levels,); ValueError where it is continuous."""
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
            return self._norm.sample(rng, count).astype(np.float32)
        if self.grid == "quantile":
            return self.values[rng.integers(self.levels, size=shape)]
        return self.values[self._nearest(rng.standard_normal(shape))]

    def sample_each(self, rngs: Sequence[np.random.Generator], count: int) -> Points:
        """Draw `count` points of each of N generators, (N, count, dim)."""
        return np.stack([self.sample(rng, count) for rng in rngs])

    def from_indices(self, indices: Indices) -> Points:
        """Return the points at grid indices; ValueError outside [0, levels) or where continuous."""
        return self.values[check_indices(indices, self)]

    def to_indices(self, points: Points) -> Indices:
        """Return the indices of the nearest levels; ValueError where the space is continuous."""
        return self._nearest(check_rows(points, self.dim))

    def contains(self, points: Points) -> npt.NDArray[np.bool_]:
        """Tell which rows stand on the grid exactly (continuous: are finite, of an allowed norm)."""
        rows = check_rows(points, self.dim)
        if self.levels is None:
            return np.asarray(np.isfinite(rows).all(axis=1) & self._norm.contains(rows))
        inside = rows == self.values[self._nearest(rows)]
        return cast("npt.NDArray[np.bool_]", inside.all(axis=1))

    def nearest(self, vectors: npt.NDArray[Any]) -> Points:
        """Return the points (..., d) of the space nearest to real vectors (..., d)."""
        if self.levels is None:
            return self._norm.project(vectors).astype(self.dtype)
        rows = vectors.reshape(-1, self.dim).astype(self.dtype)
        return self.from_indices(self.to_indices(rows)).reshape(vectors.shape)

    def confine(self, vectors: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Bring vectors (..., d) within the grid's ends or to an allowed length, but to no level."""
        if self.levels is None:
            return self._norm.project(vectors)
        return np.asarray(np.clip(vectors, self.values[0], self.values[-1]))

    @cached_property
    def _norm(self) -> NormConstraint:
        return NormConstraint(self.shell, self.dim)

    def _nearest(self, values: npt.NDArray[Any]) -> Indices:
        middles = (self.values[1:].astype(np.float64) + self.values[:-1]) / 2
        return np.searchsorted(middles, values).astype(np.int64)


def gaussian_problems(space: Space, search: str) -> list[str]:
    """Say why a search (its name in a sentence) that moves along Gaussian axes cannot take a space."""
    if isinstance(space, GaussianSpace):
        return []
    return [
        (
            f"the space is a {type(space).__name__}, but {search} moves along the axes of a "
            "GaussianSpace; choose a method for codes, say tt or ga, or a generator with Gaussian latents"
        )
    ]
