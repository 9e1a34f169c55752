"""Responses to one class of each neuron's own against those to all other images."""

from __future__ import annotations

import dataclasses

import numpy as np

from spikeatlas.snn.selectivity.tuning import Floats, Responses, Whole, check

# parts of a neuron's squared responses, and of its squared mean, that are rounding
_ROUNDING = 1e-12
_ROUNDING_OF_MEAN = 1e-24


@dataclasses.dataclass(frozen=True)
class Sample:
    """Responses of each neuron to some images."""

    count: Floats
    """Images (neurons,)."""
    mean: Floats
    """Mean response (neurons,), up to a shift that both groups share; NaN without images."""
    variance: Floats
    """Unbiased variance (neurons,); NaN below two images."""


def contrast(
    responses: Responses, labels: Whole, preferred: Whole, classes: int
) -> tuple[Sample, Sample]:
    """Split the responses (n, neurons) of each neuron into those to its ``preferred`` class and the rest.

    ``preferred`` (neurons,) in 0..classes-1. Sums over classes are matrix products, of responses about
    their mean, so that the variance of equal responses is zero and not a rounding.
    """
    check(responses, labels, classes)
    member = np.eye(classes)[labels]
    centred = responses.astype(np.float64)
    mean = centred.mean(axis=0) if len(labels) else np.zeros(responses.shape[1])
    centred -= mean
    sums, squares = member.T @ centred, member.T @ np.square(centred)
    counts = member.sum(axis=0)[preferred]
    columns = np.arange(len(preferred))
    total, power = sums.sum(axis=0), squares.sum(axis=0)
    noise = _ROUNDING * power + _ROUNDING_OF_MEAN * len(labels) * np.square(mean)
    inside, inside_power = sums[preferred, columns], squares[preferred, columns]
    return (
        _group(counts, inside, inside_power, noise),
        _group(len(labels) - counts, total - inside, power - inside_power, noise),
    )


def _group(count: Floats, total: Floats, power: Floats, noise: Floats) -> Sample:
    """Describe a group by its sum and its sum of squares; less than ``noise`` is no scatter."""
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    scatter = power - count * np.square(mean)
    scatter = np.where(scatter < noise, 0, scatter)
    return Sample(count, mean, np.where(count > 1, scatter / np.maximum(count - 1, 1), np.nan))
