"""The norm of Gaussian latents: the prior's mass lies near a sphere, the radius chi distributed.

A vector of N(0, I) in d dimensions has a length near sqrt(d - 1/2), give or take 0.7 whatever d; a search
that is left free walks out of there, to vectors that a generator was never taught.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincinv

NormKind: TypeAlias = Literal["free", "ball", "sphere"]
KINDS: tuple[NormKind, ...] = ("free", "ball", "sphere")
TAIL = 0.05
"""The part of the prior's mass that is cut off at an end."""

Vectors = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NormConstraint:
    """The lengths that vectors in `dim` dimensions may have (a study's `shell`).

    `free`: any. `ball`: at most the prior's 95 % quantile. `sphere`: from its 5 % to its 95 % quantile.
    """

    kind: NormKind
    dim: int

    @cached_property
    def radii(self) -> tuple[float, float]:
        """Least and greatest length."""
        if self.kind == "free":
            return 0.0, np.inf
        least = 0.0 if self.kind == "ball" else float(_length_at(np.array(TAIL), self.dim))
        return least, float(_length_at(np.array(1 - TAIL), self.dim))

    def project(self, rows: Vectors) -> Vectors:
        """Bring the lengths of vectors (..., d) within the radii; a zero vector goes along axis 0."""
        if self.kind == "free":
            return rows
        length = np.linalg.norm(rows, axis=-1, keepdims=True)
        radius = np.clip(length, *self.radii)
        points: Vectors = np.where(length > 0, rows * (radius / np.where(length > 0, length, 1)), 0)
        points[..., :1] = np.where(length > 0, points[..., :1], radius)
        return points

    def sample(self, rng: np.random.Generator, count: int) -> Vectors:
        """Draw `count` vectors (count, dim) from the prior, given that their lengths are allowed."""
        rows = rng.standard_normal((count, self.dim))
        if self.kind == "free":
            return rows
        low, high = _part_below(np.array(self.radii), self.dim)
        lengths = _length_at(rng.uniform(low, high, (count, 1)), self.dim)
        points: Vectors = rows * (lengths / np.linalg.norm(rows, axis=1, keepdims=True))
        return self.project(points)

    def contains(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Tell which of vectors (k, d) have an allowed length, to float32's accuracy."""
        low, high = self.radii
        length = np.linalg.norm(rows.astype(np.float64), axis=1)
        inside: npt.NDArray[np.bool_] = (length >= low * (1 - 1e-5)) & (length <= high * (1 + 1e-5))
        return inside


def norm_quantile(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the part (...,) of the prior's vectors that are shorter than vectors (..., d), 0 to 1."""
    length: Vectors = np.linalg.norm(rows.astype(np.float64), axis=-1)
    return _part_below(length, rows.shape[-1])


def _part_below(length: npt.NDArray[np.float64], dim: int) -> npt.NDArray[np.float64]:
    """Return the chi distribution's part below a length."""
    return np.asarray(gammainc(dim / 2, np.square(length) / 2), np.float64)


def _length_at(part: npt.NDArray[np.float64], dim: int) -> npt.NDArray[np.float64]:
    """Return the length below which that part lies."""
    return np.asarray(np.sqrt(2 * gammaincinv(dim / 2, part)), np.float64)
