"""Calibration: confidence that is as high as the share of right answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
from scipy.special import log_softmax

_TEMPERATURES = (0.1, 10.0)


def fit_temperature(scores: npt.NDArray[np.float64], labels: npt.NDArray[np.integer[Any]]) -> float:
    """Find the temperature in 0.1..10 with the least cross-entropy (Guo et al. 2017, section 4.2).

    ``scores`` (n, classes) before the softmax, of images with ``labels`` (n,).

    As if one image more had been wrong: with none, no confidence would be too much. 1 for a single class,
    of which anybody may be sure.
    """
    count, classes = scores.shape
    if classes == 1:
        return 1.0
    wrong = 1 / (count + 2)
    targets = np.full(scores.shape, wrong / (classes - 1))
    targets[np.arange(count), labels] = 1 - wrong
    lowest, highest = map(math.log, _TEMPERATURES)
    best = scipy.optimize.minimize_scalar(
        lambda log: -np.sum(targets * log_softmax(scores / math.exp(log), axis=1)) / count,
        bounds=(lowest, highest),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return math.exp(best.x)


def calibration_error(
    probabilities: npt.NDArray[np.floating[Any]],
    labels: npt.NDArray[np.integer[Any]],
    bins: int = 15,
) -> float:
    """Measure how far confidence is from accuracy: 0 is calibrated, 1 is always sure and wrong.

    ``probabilities`` (n, classes), ``labels`` (n,). Images are sorted into ``bins`` of equal width by the
    probability of their most probable class; the differences between its mean and the share of right
    ones are averaged over images. ValueError where the two do not fit. Source: Guo et al. 2017 (arXiv
    1706.04599, equation 3).
    """
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not len(labels):
        raise ValueError(
            f"probabilities {probabilities.shape} and labels {labels.shape} do not fit: give "
            "(n, classes) and (n,), for one image or more."
        )
    if bins < 1:
        raise ValueError(f"bins is {bins}: it must be at least 1.")
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    # a bin contains its upper end
    bin_of = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(np.int64)
    apart = np.bincount(bin_of, weights=confidence - right, minlength=bins)
    return float(np.abs(apart).sum() / len(labels))
