"""The common rise of selectivity and accuracy.

Within one network two courses over a few epochs nearly always correlate: what is said of one network is a
description. Networks trained from several seeds are what a claim can rest on (``intervals.over_seeds``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Increments(NamedTuple):
    """Evidence that two courses rise at the same epochs."""

    correlation: float
    """Pearson's, of the increments from epoch to epoch; NaN below 4 epochs or for a flat course."""
    p: float
    """Share of circular shifts of one against the other, none included, with a correlation as great: with E
    epochs at least 1 / (E - 1). Descriptive: increments of a training that slows down are not stationary."""


def levels(one: Floats, other: Floats) -> float:
    """Spearman's correlation of two courses (epochs,); NaN below 4 epochs known in both, or for a flat one."""
    valid = ~(np.isnan(one) | np.isnan(other))
    if valid.sum() < 4 or np.ptp(one[valid]) == 0 or np.ptp(other[valid]) == 0:
        return np.nan
    return float(scipy.stats.spearmanr(one[valid], other[valid]).statistic)


def increments(one: Floats, other: Floats) -> Increments:
    """Correlation of the increments of two courses (epochs,), with a circular-shift null."""
    valid = ~(np.isnan(one) | np.isnan(other))
    steps = [np.diff(course[valid]) for course in (one, other)]
    if len(steps[0]) < 3 or np.ptp(steps[0]) == 0 or np.ptp(steps[1]) == 0:
        return Increments(np.nan, np.nan)
    shifts = [np.roll(steps[1], k) for k in range(len(steps[1]))]
    correlations = np.array([np.corrcoef(steps[0], shifted)[0, 1] for shifted in shifts])
    return Increments(
        float(correlations[0]), float((correlations >= correlations[0] - 1e-12).mean())
    )
