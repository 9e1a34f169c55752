"""Intervals of shares, of differences of shares, and of values over training seeds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

LEVEL = 0.95


class Estimate(NamedTuple):
    """An estimate with the bounds of its interval; NaN where there is nothing to estimate from."""

    effect: float
    low: float
    high: float


NOTHING = Estimate(np.nan, np.nan, np.nan)


def share(count: int, total: int, level: float = LEVEL) -> Estimate:
    """A binomial share with its exact interval (Clopper & Pearson 1934)."""
    if not total:
        return NOTHING
    test = scipy.stats.binomtest(int(count), int(total))
    low, high = test.proportion_ci(level, method="exact")
    return Estimate(count / total, float(low), float(high))


def difference(first: tuple[int, int], second: tuple[int, int], level: float = LEVEL) -> Estimate:
    """Difference of two independent shares, each (count, total), with its interval.

    One success and one failure are added to each before the normal interval (Agresti & Caffo 2000),
    which holds its level from about ten neurons on.
    """
    if not first[1] or not second[1]:
        return NOTHING
    effect = first[0] / first[1] - second[0] / second[1]
    shares = [((count + 1) / (total + 2), total + 2) for count, total in (first, second)]
    error = np.sqrt(sum(part * (1 - part) / total for part, total in shares))
    width = scipy.stats.norm.ppf((1 + level) / 2) * error
    middle = shares[0][0] - shares[1][0]
    return Estimate(effect, float(max(middle - width, -1)), float(min(middle + width, 1)))


def over_seeds(values: NDArray[np.floating], level: float = LEVEL) -> Estimate:
    """Mean over training seeds (n,) with Student's t interval; no bounds below two seeds."""
    finite = values[~np.isnan(values)].astype(np.float64)
    if len(finite) < 2:
        return Estimate(float(finite[0]), np.nan, np.nan) if len(finite) else NOTHING
    mean, error = float(finite.mean()), float(finite.std(ddof=1) / np.sqrt(len(finite)))
    width = float(scipy.stats.t.ppf((1 + level) / 2, len(finite) - 1)) * error
    return Estimate(mean, mean - width, mean + width)


def resampled(draws: NDArray[np.floating], effect: float, level: float = LEVEL) -> Estimate:
    """Percentile interval of a statistic's bootstrap ``draws`` (n,), of which NaN are left out."""
    finite = draws[~np.isnan(draws)]
    if not len(finite):
        return Estimate(effect, np.nan, np.nan)
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(effect, float(low), float(high))
