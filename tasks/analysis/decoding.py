"""Classes read in MEIs: by the network that they excite, and by a classifier that is the same at every epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from spikeatlas.snn import selectivity
from spikeatlas.snn.classifier import fit_temperature
from spikeatlas.tasks.atlas import UNLIKE, mask, read
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

Arrays = dict[str, NDArray[Any]]
Images = NDArray[np.uint8]


def network_scores(run: Run, epoch: float, images: Images) -> NDArray[np.float64] | None:
    """Scores (n, classes) of the network's read-out for images (n, c, h, w); None where it has none."""
    subject, digest = models.subject(run, epoch)
    if subject.classes is None:
        return None
    return subject.scores(images, models.showing(run, digest, "report"))


def read_images(run: Run, epoch: float, images: Images, alive: NDArray[np.bool_]) -> Arrays:
    """The ``mei_*`` measures of images (n, c, h, w), undefined where a neuron was not ``alive`` (n,) to have one."""
    measures = perplexity(run, epoch, images) | complexity(images) | reference(run, images)
    return {name: mask(values, alive) for name, values in measures.items()}


def perplexity(run: Run, epoch: float, images: Images) -> Arrays:
    """Count the classes that the epoch's own network reads in each image, its confidence fitted on test images.

    NaN of a network without read-out.
    """
    test = models.dataset(run.data).test
    rows = read.natural_images(run.atlas)
    natural = network_scores(run, epoch, test.images[rows])
    scores = network_scores(run, epoch, images)
    if natural is None or scores is None:
        undefined = np.full(len(images), np.nan, np.float32)
        return {"mei_perplexity": undefined, "mei_mango_perplexity": undefined}
    calibrated = softmax(scores / fit_temperature(natural, test.labels[rows]), axis=1)
    return {
        "mei_perplexity": selectivity.relative_perplexity(calibrated).astype(np.float32),
        "mei_mango_perplexity": selectivity.mango_relative_perplexity(
            softmax(scores, axis=1)
        ).astype(np.float32),
    }


def complexity(images: Images) -> Arrays:
    """Measure how much there is to see in each image."""
    return {
        "mei_bytes": selectivity.compressed_size(images).astype(np.int32),
        "mei_slope": selectivity.spectrum_slope(images).astype(np.float32),
    }


def reference(run: Run, images: Images) -> Arrays:
    """Read each image by the study's classifier, if it has one."""
    if run.classifier is None:
        return {
            "mei_reference_class": np.full(len(images), -1, np.int16),
            "mei_reference_confidence": np.full(len(images), np.nan, np.float32),
        }
    judge = models.classifier_at(run.classifier_file)
    natural = models.dataset(run.data).test.images[read.natural_images(run.atlas)]
    least = np.quantile(judge.probabilities(natural).max(axis=1), UNLIKE)
    chances = judge.probabilities(images)
    sure = chances.max(axis=1)
    return {
        "mei_reference_class": np.where(sure >= least, chances.argmax(axis=1), -1).astype(np.int16),
        "mei_reference_confidence": sure.astype(np.float32),
    }
