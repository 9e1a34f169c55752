"""Evaluation of a generator's images: pure functions of features, classes and pixels.

A judge (snn/classifier) turns images into features and class probabilities.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.generators.evaluation.features import Features, Floats, check_rows
from spikeatlas.snn.generators.evaluation.frechet import frechet_distance
from spikeatlas.snn.generators.evaluation.neighbours import (
    NEIGHBOURS,
    check_equal_counts,
    memorisation,
    precision_recall,
)

Images = npt.NDArray[np.uint8]


class Judge(Protocol):
    """A trained classifier that looks at images."""

    def features(self, images: Images) -> npt.NDArray[np.float32]:
        """Return features (n, f) of images (n, c, h, w)."""

    def probabilities(self, images: Images) -> npt.NDArray[np.float32]:
        """Return class probabilities (n, classes) of images (n, c, h, w)."""


@dataclasses.dataclass(frozen=True)
class Quality:
    """A judge's view of a generator's images. Compare Fréchet distances of equal counts only."""

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
    samples: Images,
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
    check_equal_counts(train, held_out)
    made_features, learnt, real = (judge.features(images) for images in (samples, train, held_out))
    independent = judge.features(independent_pixels(train, len(samples), rng))
    overlap = precision_recall(real, made_features, k)
    memorised = memorisation(made_features, learnt, real)
    classes = judge.probabilities(samples)
    return Quality(
        frechet=frechet_distance(real, made_features),
        frechet_independent=frechet_distance(real, independent),
        frechet_train=frechet_distance(real, learnt),
        precision=overlap.precision,
        recall=overlap.recall,
        class_shares=tuple(class_shares(classes).tolist()),
        confidence=mean_confidence(classes),
        confidence_real=mean_confidence(judge.probabilities(held_out)),
        memorised=memorised.share,
        memorised_upper=memorised.upper,
    )


def class_shares(probabilities: Features) -> Floats:
    """Share (classes,) of images whose most probable class is each one, from (n, classes)."""
    check_rows("probabilities", probabilities, least=1)
    top = probabilities.argmax(axis=1)
    counts = np.bincount(top, minlength=probabilities.shape[1])
    shares: Floats = counts / len(probabilities)
    return shares


def mean_confidence(probabilities: Features) -> float:
    """Mean probability of the most probable class, from (n, classes): 1/classes..1."""
    check_rows("probabilities", probabilities, least=1)
    return float(probabilities.max(axis=1).mean(dtype=np.float64))


def independent_pixels(images: Images, count: int, rng: np.random.Generator) -> Images:
    """Draw ``count`` images (count, c, h, w) in which no pixel knows another one.

    Each value is taken from the same place of an image of ``images`` (n, c, h, w) of its own:
    brightness is right everywhere, structure is lost. ValueError for no images.
    """
    if not len(images):
        raise ValueError("images are none: independent pixels are drawn from at least one image.")
    samples = np.empty((count, *images.shape[1:]), images.dtype)
    # one image at a time: indices take eight times the memory of pixels
    for image in samples:
        rows = rng.integers(len(images), size=(1, *image.shape))
        image[...] = np.take_along_axis(images, rows, axis=0)[0]
    return samples
