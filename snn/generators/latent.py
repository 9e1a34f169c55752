"""The points of a generator: rows of codes, or vectors."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True, eq=False)
class CodeLatent:
    """Latents that are rows of codes: int64 (positions,), each 0..codes-1."""

    positions: int
    codes: int
    codebook: npt.NDArray[np.float32] | None
    """(codes, embedding): near entries decode to similar patches; None where that is not known."""
    kind: Literal["codes"] = "codes"

    def check(self) -> None:
        """Raise ValueError for a codebook that is not finite or has equal entries: one code, two names."""
        if self.codebook is None:
            return
        if not np.isfinite(self.codebook).all():
            raise ValueError(
                "the codebook holds numbers that are not finite: train the generator again."
            )
        different = len(np.unique(self.codebook, axis=0))
        if different < len(self.codebook):
            raise ValueError(
                f"the codebook has {len(self.codebook)} entries, of which only {different} differ: take out those that "
                "stand twice, or train the generator again."
            )

    @property
    def size(self) -> int:
        """Return the length of a latent."""
        return self.positions

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type that latents are stored in."""
        return np.dtype(np.int32)


@dataclasses.dataclass(frozen=True)
class GaussianLatent:
    """Latents that are vectors: float32 (dim,), with the prior N(0, I)."""

    dim: int
    kind: Literal["gaussian"] = "gaussian"

    @property
    def size(self) -> int:
        """Return the length of a latent."""
        return self.dim

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type that latents are stored in."""
        return np.dtype(np.float32)


Latent: TypeAlias = CodeLatent | GaussianLatent


def check_codes(points: Points, positions: int, codes: int) -> None:
    """Raise ValueError unless points are whole numbers (n, positions), each 0..codes-1."""
    if points.ndim != 2 or points.shape[1] != positions or points.dtype.kind not in "iu":
        raise ValueError(
            f"points are {points.dtype} {points.shape}: this generator takes whole numbers of "
            f"shape (n, {positions})."
        )
    if points.size and not 0 <= points.min() <= points.max() < codes:
        raise ValueError(
            f"points hold codes from {points.min()} to {points.max()}: this generator has "
            f"codes 0..{codes - 1}."
        )


def check_vectors(points: Points, dim: int) -> None:
    """Raise ValueError unless points are finite float32 numbers (n, dim)."""
    if points.ndim != 2 or points.shape[1] != dim or points.dtype != np.float32:
        raise ValueError(
            f"points are {points.dtype} {points.shape}: this generator takes float32 numbers of "
            f"shape (n, {dim})."
        )
    if not np.isfinite(points).all():
        raise ValueError(
            "points hold numbers that are not finite: this generator takes finite ones."
        )
