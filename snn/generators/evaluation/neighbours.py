"""Two sets of features compared by their nearest neighbours.

Distances are Euclidean, between rows of features, in float64.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

from spikeatlas.snn.generators.evaluation.features import (
    Features,
    Floats,
    Whole,
    check_pair,
)

NEIGHBOURS = 5
"""The neighbour whose distance is the radius of a point, if nothing is said."""

# of one block of distances; sorting a block needs as much again
_CHUNK_BYTES = 32 * 2**20
# distances of rows that are equal come out of a matrix product as a few roundings, not as zero
_ROUNDING = 1e-13
_CONFIDENCE = 0.95


class Overlap(NamedTuple):
    """Two sets of points and how they cover each other."""

    precision: float
    """Share of made points among the real ones: 0..1, low where images are unreal."""
    recall: float
    """Share of real points among the made ones: 0..1, low where kinds of images are missing."""


@dataclasses.dataclass(frozen=True)
class Memorisation:
    """Nearness of made images to those the generator learnt from, against new ones."""

    share: float
    """Share of made images that are nearer to training images: about 0.5 if nothing was memorised, 1
    if all are copies."""
    upper: float
    """Upper end of the share's one-sided 95 % confidence interval, 0..1."""


def nearest_distances(queries: Features, references: Features) -> tuple[Floats, Whole]:
    """Distance of each query (n, f) to its nearest reference (m, f), and which: (n,) and (n,)."""
    check_pair("queries", queries, "references", references, least=1)
    return _kth_nearest(queries, references, 1)


def kth_distances(references: Features, k: int) -> Floats:
    """Distance (n,) of each reference (n, f) to its k-th nearest other one.

    ValueError unless 1 <= k < n.
    """
    _check_neighbour(k, "references", len(references) - 1)
    check_pair("references", references, "references", references, least=2)
    return _kth_nearest(references, references, k, leave_out=True)[0]


def precision_recall(real: Features, samples: Features, k: int = NEIGHBOURS) -> Overlap:
    """Measure how far made features (m, f) lie among real ones (n, f), and the other way round.

    A point lies among the others if it is in the ball around any of them whose radius is that one's
    distance to its own k-th nearest neighbour. ValueError unless both sets have more than ``k`` rows.
    Source: Kynkäänniemi et al. 2019 (arXiv 1904.06991).
    """
    check_pair("real", real, "samples", samples, least=k + 1)
    precision = _inside(samples, real, kth_distances(real, k)).mean()
    recall = _inside(real, samples, kth_distances(samples, k)).mean()
    return Overlap(float(precision), float(recall))


def density_quantile(
    queries: Features, references: Features, k: int = NEIGHBOURS, radii: Floats | None = None
) -> Floats:
    """Tell how typical each query (n, f) is among references (m, f): (n,), 0 is remote, 1 is dense.

    The share of references whose distance to their own k-th nearest other reference is at least as
    large as the query's distance to its k-th nearest reference: a fresh draw from where the references
    come from is about uniform in [0, 1]. A query that is itself a reference finds itself first and
    looks denser than it is. ``radii``: kth_distances(references, k), if at hand. ValueError unless
    1 <= k < m.
    """
    _check_neighbour(k, "references", len(references) - 1)
    check_pair("queries", queries, "references", references, least=1)
    sorted_radii = np.sort(kth_distances(references, k) if radii is None else radii)
    distances, _ = _kth_nearest(queries, references, k)
    shares: Floats = 1 - np.searchsorted(sorted_radii, distances, side="left") / len(sorted_radii)
    return shares


def memorisation(samples: Features, train: Features, held_out: Features) -> Memorisation:
    """Tell how often made features (m, f) are nearer to training features (n, f) than to new ones (n, f).

    ``held_out`` are of images that the generator never saw; a made image equally near to both counts
    half. The interval is Clopper and Pearson's (1934), a half count rounded up. ValueError unless
    ``train`` and ``held_out`` are equally many: the larger set would be nearer by its size alone.
    """
    check_equal_counts(train, held_out)
    to_train, _ = nearest_distances(samples, train)
    to_new, _ = nearest_distances(samples, held_out)
    nearer = float(np.sum(to_train < to_new) + np.sum(to_train == to_new) / 2)
    return Memorisation(nearer / len(samples), _upper_bound(int(np.ceil(nearer)), len(samples)))


def _kth_nearest(
    queries: Features, references: Features, k: int, *, leave_out: bool = False
) -> tuple[Floats, Whole]:
    """Distance to the k-th nearest reference, and which it is; ``leave_out``: row i skips row i."""
    distances, indices = np.empty(len(queries)), np.empty(len(queries), np.int64)
    for rows, squared in _squared_distances(queries, references):
        if leave_out:
            squared[np.arange(len(squared)), np.arange(rows.start, rows.stop)] = np.inf
        kth = squared.argmin(axis=1) if k == 1 else np.argpartition(squared, k - 1)[:, k - 1]
        indices[rows] = kth
        # the matrix product rounds small distances away, and a copy's is exactly zero
        apart = queries[rows].astype(np.float64) - references[kth]
        distances[rows] = np.sqrt(np.square(apart).sum(axis=1))
    return distances, indices


def _inside(queries: Features, references: Features, radii: Floats) -> npt.NDArray[np.bool_]:
    """Tell whether each query (n,) is in the ball around any reference."""
    largest = np.square(references - references.mean(axis=0, dtype=np.float64)).sum(axis=1).max()
    within = np.square(radii) + _ROUNDING * largest
    parts = [
        (squared <= within).any(axis=1) for _, squared in _squared_distances(queries, references)
    ]
    return np.concatenate(parts)


def _squared_distances(queries: Features, references: Features) -> Iterator[tuple[slice, Floats]]:
    """Rows of queries and their squared distances (rows, m) to all references, block by block."""
    centre = references.mean(axis=0, dtype=np.float64)
    moved = references - centre
    squares = np.square(moved).sum(axis=1)
    count = max(_CHUNK_BYTES // (moved.itemsize * len(moved)), 1)
    for start in range(0, len(queries), count):
        rows = slice(start, min(start + count, len(queries)))
        part = queries[rows] - centre
        squared = part @ moved.T
        squared *= -2
        squared += squares
        squared += np.square(part).sum(axis=1)[:, None]
        yield rows, squared


def _upper_bound(hits: int, count: int) -> float:
    """Clopper and Pearson's upper bound of a share."""
    if hits == count:
        return 1.0
    return float(scipy.stats.beta.ppf(_CONFIDENCE, hits + 1, count - hits))


def check_equal_counts(train: npt.NDArray[Any], held_out: npt.NDArray[Any]) -> None:
    """Raise ValueError where one set is larger: its nearest images are nearer by their number alone."""
    if len(train) != len(held_out):
        raise ValueError(
            f"train has {len(train)} images and held_out has {len(held_out)}: cut the larger one to the "
            "size of the smaller, or its nearest images are nearer by their number alone."
        )


def _check_neighbour(k: int, name: str, others: int) -> None:
    if not 1 <= k <= others:
        raise ValueError(
            f"k is {k}, but each of the {name} has {others} others: choose k from 1 to {others}, or "
            "give more rows."
        )
