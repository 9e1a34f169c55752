"""The start of a prior of codes: shares of codes at each position, and a network that corrects nothing yet."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.generators.priors.code_prior import Whole

_HELD_OUT = 10  # one row in so many
SMOOTHINGS = tuple(4.0**power for power in range(-1, 8))
"""Numbers of rows that may be added with the shares of all positions."""
_FEATURES = 16
_HIDDEN = 128


def split_rows(points: Whole, rng: np.random.Generator) -> tuple[Whole, Whole]:
    """Deal out rows that are held out, and rows to learn from."""
    order, count = rng.permutation(len(points)), max(len(points) // _HELD_OUT, 1)
    return points[order[:count]], points[order[count:]]


def fit_marginals(
    rows: Whole, held_out: Whole, codes: int
) -> tuple[float, npt.NDArray[np.float32]]:
    """Return the smoothing that suits the rows held out best, and log shares (positions, codes) with it."""
    places = np.arange(rows.shape[1])
    fits = [_log_marginals(rows, codes, smoothing) for smoothing in SMOOTHINGS]
    best = max(range(len(fits)), key=lambda number: fits[number][places, held_out].mean())
    return SMOOTHINGS[best], fits[best].astype(np.float32)


def _log_marginals(rows: Whole, codes: int, smoothing: float) -> npt.NDArray[np.float64]:
    """Return log shares of codes a position, as if `smoothing` more rows had had the shares of all positions.

    These are counted with one more of every code: none is impossible.
    """
    counts = np.stack([np.bincount(column, minlength=codes) for column in rows.T])
    pooled = (counts.sum(axis=0) + 1) / (counts.sum() + codes)
    logs: npt.NDArray[np.float64] = np.log((counts + smoothing * pooled) / (len(rows) + smoothing))
    return logs


def first_parameters(
    neighbours: Tensor,
    codes: int,
    codebook: npt.NDArray[np.float32] | None,
    rng: np.random.Generator,
) -> dict[str, Tensor]:
    """Draw random layers under an output of zeros: the prior starts as the factorised one."""
    (positions, window), wide = neighbours.shape, _FEATURES
    values = {
        "features": _first_features(codes, codebook, rng),
        "window": rng.standard_normal((window * wide, _HIDDEN)) / math.sqrt(window * wide),
        "place": np.zeros((positions, _HIDDEN)),
        "mix": rng.standard_normal((_HIDDEN, _HIDDEN)) * math.sqrt(2 / _HIDDEN),
        "bias": np.zeros(_HIDDEN),
        "output": np.zeros((_HIDDEN, codes)),
    }
    return {name: torch.from_numpy(v).float().requires_grad_() for name, v in values.items()}


def _first_features(
    codes: int, codebook: npt.NDArray[np.float32] | None, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return coordinates (codes, 16) along the codebook's principal axes, the rest at random."""
    features = rng.standard_normal((codes, _FEATURES))
    if codebook is not None:
        centred = codebook.astype(np.float64) - codebook.mean(axis=0, dtype=np.float64)
        vectors, spread, _ = np.linalg.svd(centred, full_matrices=False)
        axes = (vectors * spread)[:, :_FEATURES]
        features[:, : axes.shape[1]] = axes / (axes.std() or 1.0)
    return features
