"""Statistics of the benchmark: comparisons of pairs and a cluster bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Statistic = Callable[[Floats], float]


class Comparison(NamedTuple):
    """The times one was better, equal, worse."""

    wins: int
    ties: int
    losses: int

    @property
    def total(self) -> int:
        """Neurons that were compared."""
        return sum(self)

    @property
    def share(self) -> float:
        """Wins / all; ties are no wins. NaN where nothing was compared."""
        return self.wins / self.total if self.total else np.nan


def compare(first: Floats, second: Floats) -> Comparison:
    """Compare pairs; those with a NaN are left out."""
    both = ~(np.isnan(first) | np.isnan(second))
    first, second = first[both], second[both]
    return Comparison(
        int((first > second).sum()), int((first == second).sum()), int((first < second).sum())
    )


def networks_won(first: Floats, second: Floats, networks: NDArray[Any]) -> tuple[int, int]:
    """Return on how many networks the first of a pair is higher more often than lower, and how many there are.

    Neurons that share images and a network are no independent trials; networks that were trained apart are. Pairs
    (n,) with a NaN are left out; ``networks`` (n,): each one's.
    """
    names = set(networks.tolist())
    comparisons = [compare(first[networks == name], second[networks == name]) for name in names]
    measurements = [comparison for comparison in comparisons if comparison.total]
    return sum(comparison.wins > comparison.losses for comparison in measurements), len(
        measurements
    )


def interval(
    values: Floats,
    clusters: NDArray[Any],
    statistic: Statistic,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of ``statistic`` over values (n,): clusters (n,) are resampled, then values.

    NaN where there are no values. Infinite values count as such, by order.
    """
    if not len(values):
        return np.nan, np.nan
    parts = [values[clusters == name] for name in np.unique(clusters)]
    rng = np.random.default_rng(seed)
    draws = np.empty(resamples)
    for number in range(resamples):
        clusters_drawn = rng.integers(len(parts), size=len(parts))
        values_drawn = [rng.choice(parts[part], len(parts[part])) for part in clusters_drawn]
        draws[number] = statistic(np.concatenate(values_drawn))
    low, high = np.quantile(draws, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def median(values: Floats) -> float:
    """Return the median; NaN of nothing. Infinite values are ordered, never subtracted."""
    return float(np.median(values)) if len(values) else np.nan


def mean(values: Floats) -> float:
    """Return the mean; NaN of nothing."""
    return float(np.mean(values)) if len(values) else np.nan
