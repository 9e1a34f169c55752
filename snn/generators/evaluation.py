"""How good the images of a generator are: pure functions of features, classes and pixels.

A judge (snn/classifier/classifier.py) turns images into features and class probabilities. Distances are Euclidean,
between rows of features, in float64.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from scipy import stats

Features = npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Images = npt.NDArray[np.uint8]

NEIGHBOURS = 5
"""Which neighbour's distance is the radius of a point, if nothing is said."""

# of one block of distances; sorting a block needs as much again
_CHUNK_BYTES = 32 * 2**20
# distances of rows that are equal come out of a matrix product as a few roundings, not as zero
_ROUNDING = 1e-13
_CONFIDENCE = 0.95


class Judge(Protocol):
    """What looks at images: a trained classifier."""

    def features(self, images: Images) -> npt.NDArray[np.float32]:
        """Features (n, f) of images (n, c, h, w)."""

    def probabilities(self, images: Images) -> npt.NDArray[np.float32]:
        """Class probabilities (n, classes) of images (n, c, h, w)."""


class Overlap(NamedTuple):
    """How two sets of points cover each other."""

    precision: float
    """Share of made points among the real ones: 0..1, low where images are unreal."""
    recall: float
    """Share of real points among the made ones: 0..1, low where kinds of images are missing."""


@dataclasses.dataclass(frozen=True)
class Memorisation:
    """Whether made images stand nearer to those the generator learnt from than to new ones."""

    share: float
    """Share of made images that are nearer to training images: about 0.5 if nothing was memorised, 1
    if all are copies."""
    upper: float
    """Upper end of the share's one-sided 95 % confidence interval, 0..1."""


@dataclasses.dataclass(frozen=True)
class Quality:
    """What a judge says about a generator's images. Compare Fréchet distances of equal counts only."""

    frechet: float
    """Fréchet distance of made from held-out images: 0 is perfect."""
    frechet_independent: float
    """The same of images whose pixels are drawn one by one: what knowing no structure gives."""
    frechet_train: float
    """The same of training images: about what perfect images would give."""
    precision: float
    """Share of made images that lie among the held-out images, 0..1."""
    recall: float
    """Share of held-out images that lie among the made images, 0..1."""
    class_shares: tuple[float, ...]
    """Share of made images that the judge takes for each class; the sum is 1."""
    confidence: float
    """Mean probability of the judge's class for made images, 1/classes..1."""
    confidence_real: float
    """The same for held-out images."""
    memorised: float
    """Share of made images nearer to training than to held-out images: about 0.5 is none, 1 is all."""
    memorised_upper: float
    """Upper end of that share's one-sided 95 % confidence interval."""


def measure_quality(
    judge: Judge,
    *,
    made: Images,
    train: Images,
    held_out: Images,
    rng: np.random.Generator,
    k: int = NEIGHBOURS,
) -> Quality:
    """Measure made images (m, c, h, w) against real ones, all uint8.

    ``train`` (n, c, h, w) are images that the generator learnt from, ``held_out`` as many that it
    never saw; ``rng`` draws the m images of independent pixels; ``k`` is the neighbour of
    precision_recall. ValueError where ``train`` and ``held_out`` are not equally many, or any set has
    no more than ``k`` images.
    """
    _check_equal_counts(train, held_out)
    made_features, known, real = (judge.features(images) for images in (made, train, held_out))
    independent = judge.features(independent_pixels(train, len(made), rng))
    overlap = precision_recall(real, made_features, k)
    memorised = memorisation(made_features, known, real)
    classes = judge.probabilities(made)
    return Quality(
        frechet=frechet_distance(real, made_features),
        frechet_independent=frechet_distance(real, independent),
        frechet_train=frechet_distance(real, known),
        precision=overlap.precision,
        recall=overlap.recall,
        class_shares=tuple(class_shares(classes).tolist()),
        confidence=mean_confidence(classes),
        confidence_real=mean_confidence(judge.probabilities(held_out)),
        memorised=memorised.share,
        memorised_upper=memorised.upper,
    )


def frechet_distance(a: Features, b: Features) -> float:
    """Distance of the Gaussians that fit two sets of features, (n, f) and (m, f): >= 0.

    |mean difference|^2 + trace(A + B - 2 (A B)^(1/2)) with covariances A and B, which may be singular.
    It grows as n and m shrink: compare equal counts. ValueError below two rows or for unequal widths.
    Source: Heusel et al. 2017 (arXiv 1706.08500, equation 6), there on Inception's features.
    """
    _check_pair("a", a, "b", b, least=2)
    apart = a.mean(axis=0, dtype=np.float64) - b.mean(axis=0, dtype=np.float64)
    root_a, root_b = _root(a), _root(b)
    # the trace of (A B)^(1/2) is the sum of the singular values of the product of their factors,
    # which needs no root of a rounded zero
    shared = np.linalg.svd(root_a.T @ root_b, compute_uv=False).sum()
    total = apart @ apart + np.square(root_a).sum() + np.square(root_b).sum() - 2 * shared
    return max(0.0, float(total))


def nearest_distances(queries: Features, references: Features) -> tuple[Floats, Whole]:
    """Distance of each query (n, f) to its nearest reference (m, f), and which: (n,) and (n,)."""
    _check_pair("queries", queries, "references", references, least=1)
    return _kth_nearest(queries, references, 1)


def kth_distances(references: Features, k: int) -> Floats:
    """Distance (n,) of each reference (n, f) to its k-th nearest other one.

    ValueError unless 1 <= k < n.
    """
    _check_neighbour(k, "references", len(references) - 1)
    _check_pair("references", references, "references", references, least=2)
    return _kth_nearest(references, references, k, leave_out=True)[0]


def precision_recall(real: Features, made: Features, k: int = NEIGHBOURS) -> Overlap:
    """How far made features (m, f) lie among real ones (n, f), and the other way round.

    A point lies among the others if it is in the ball around any of them whose radius is that one's
    distance to its own k-th nearest neighbour. ValueError unless both sets have more than ``k`` rows.
    Source: Kynkäänniemi et al. 2019 (arXiv 1904.06991).
    """
    _check_pair("real", real, "made", made, least=k + 1)
    precision = _inside(made, real, kth_distances(real, k)).mean()
    recall = _inside(real, made, kth_distances(made, k)).mean()
    return Overlap(float(precision), float(recall))


def density_quantile(
    queries: Features, references: Features, k: int = NEIGHBOURS, radii: Floats | None = None
) -> Floats:
    """How typical each query (n, f) is among references (m, f): (n,), 0 is remote, 1 is dense.

    The share of references whose distance to their own k-th nearest other reference is at least as
    large as the query's distance to its k-th nearest reference: a fresh draw from where the references
    come from is about uniform in [0, 1]. A query that is itself a reference finds itself first and
    looks denser than it is. ``radii``: kth_distances(references, k), if at hand. ValueError unless
    1 <= k < m.
    """
    _check_neighbour(k, "references", len(references) - 1)
    _check_pair("queries", queries, "references", references, least=1)
    own = np.sort(kth_distances(references, k) if radii is None else radii)
    distances, _ = _kth_nearest(queries, references, k)
    shares: Floats = 1 - np.searchsorted(own, distances, side="left") / len(own)
    return shares


def memorisation(made: Features, train: Features, held_out: Features) -> Memorisation:
    """How often made features (m, f) are nearer to training features (n, f) than to new ones (n, f).

    ``held_out`` are of images that the generator never saw; a made image equally near to both counts
    half. The interval is Clopper and Pearson's (1934), a half count rounded up. ValueError unless
    ``train`` and ``held_out`` are equally many: the larger set would be nearer by its size alone.
    """
    _check_equal_counts(train, held_out)
    known, _ = nearest_distances(made, train)
    new, _ = nearest_distances(made, held_out)
    nearer = float(np.sum(known < new) + np.sum(known == new) / 2)
    return Memorisation(nearer / len(made), _upper_bound(int(np.ceil(nearer)), len(made)))


def class_shares(probabilities: Features) -> Floats:
    """Share (classes,) of images whose most probable class is each one, from (n, classes)."""
    _check_rows("probabilities", probabilities, least=1)
    top = probabilities.argmax(axis=1)
    counts = np.bincount(top, minlength=probabilities.shape[1])
    shares: Floats = counts / len(probabilities)
    return shares


def mean_confidence(probabilities: Features) -> float:
    """Mean probability of the most probable class, from (n, classes): 1/classes..1."""
    _check_rows("probabilities", probabilities, least=1)
    return float(probabilities.max(axis=1).mean(dtype=np.float64))


def independent_pixels(images: Images, count: int, rng: np.random.Generator) -> Images:
    """Draw ``count`` images (count, c, h, w) in which no pixel knows another one.

    Each value is taken from the same place of an image of ``images`` (n, c, h, w) of its own:
    brightness is right everywhere, structure is lost. ValueError for no images.
    """
    if not len(images):
        raise ValueError("images are none: independent pixels are drawn from at least one image.")
    made = np.empty((count, *images.shape[1:]), images.dtype)
    # one image at a time: indices take eight times the memory of pixels
    for image in made:
        rows = rng.integers(len(images), size=(1, *image.shape))
        image[...] = np.take_along_axis(images, rows, axis=0)[0]
    return made


def _root(features: Features) -> Floats:
    """Factor R (f, f) of the covariance R R^T."""
    covariance = np.atleast_2d(np.cov(features, rowvar=False, dtype=np.float64))
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = vectors * np.sqrt(values.clip(min=0))
    return root


def _kth_nearest(
    queries: Features, references: Features, k: int, *, leave_out: bool = False
) -> tuple[Floats, Whole]:
    """Distance to the k-th nearest reference, and which it is; ``leave_out``: row i skips row i."""
    distances, indices = np.empty(len(queries)), np.empty(len(queries), np.int64)
    for rows, squared in _squared_distances(queries, references):
        if leave_out:
            squared[np.arange(len(squared)), np.arange(rows.start, rows.stop)] = np.inf
        found = squared.argmin(axis=1) if k == 1 else np.argpartition(squared, k - 1)[:, k - 1]
        indices[rows] = found
        # the matrix product rounds small distances away, and a copy's is exactly zero
        apart = queries[rows].astype(np.float64) - references[found]
        distances[rows] = np.sqrt(np.square(apart).sum(axis=1))
    return distances, indices


def _inside(queries: Features, references: Features, radii: Floats) -> npt.NDArray[np.bool_]:
    """Whether each query (n,) is in the ball around any reference."""
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
    return float(stats.beta.ppf(_CONFIDENCE, hits + 1, count - hits))


def _check_equal_counts(train: npt.NDArray[Any], held_out: npt.NDArray[Any]) -> None:
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


def _check_pair(name: str, rows: Features, other: str, more: Features, *, least: int) -> None:
    """Raise ValueError unless both are finite features of one width."""
    _check_rows(name, rows, least=least)
    _check_rows(other, more, least=least)
    if rows.shape[1] != more.shape[1]:
        raise ValueError(
            f"{name} has {rows.shape[1]} features a row and {other} has {more.shape[1]}: give features "
            "of one judge."
        )


def _check_rows(name: str, rows: Features, *, least: int) -> None:
    if rows.ndim != 2 or rows.dtype.kind != "f" or len(rows) < least or not rows.shape[1]:
        raise ValueError(
            f"{name} is {rows.dtype} {rows.shape}: it must be an array of floats with at least {least} "
            "rows and one column."
        )
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} holds numbers that are not finite: give finite ones.")
