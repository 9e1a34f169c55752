"""The loss of a neuron, and its selectivity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.analysis.intervals import NOTHING, Estimate

FEWEST = 5
"""Neurons below which a rank correlation is not computed."""


class LayerImportance(NamedTuple):
    """Of one layer at one epoch; importance: the rise of the network's loss without the neuron, in nats."""

    median: float
    selectivity: Estimate
    """Spearman's correlation of importance with the class selectivity index; its interval by Fisher's z with
    variance 1.06 / (n - 3) (Fieller, Hartley & Pearson 1957)."""
    switched: float
    """Share of pairs of a switched and another neuron in which the switched one is the more important (0.5:
    no relation; Mann-Whitney's U over the number of pairs); NaN without both kinds."""
    switched_p: float
    """Two-sided p of it."""


def importance(
    loss_increase: xr.DataArray, csi: xr.DataArray, switched: xr.DataArray
) -> LayerImportance:
    """Relate the three (neuron,): NaN importances and indices are left out."""
    rise, index = loss_increase.values.astype(np.float64), csi.values.astype(np.float64)
    changed = switched.values == 1
    valid = ~np.isnan(rise)
    if not valid.any():
        return LayerImportance(np.nan, NOTHING, np.nan, np.nan)
    return LayerImportance(
        float(np.median(rise[valid])),
        _spearman(rise, index),
        *_more_important(rise[valid & changed], rise[valid & ~changed]),
    )


def _spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> Estimate:
    valid = ~(np.isnan(one) | np.isnan(other))
    if valid.sum() < FEWEST or np.ptp(one[valid]) == 0 or np.ptp(other[valid]) == 0:
        return NOTHING
    r = float(scipy.stats.spearmanr(one[valid], other[valid]).statistic)
    width = 1.96 * np.sqrt(1.06 / (valid.sum() - 3))
    z = np.arctanh(np.clip(r, -1 + 1e-9, 1 - 1e-9))
    return Estimate(r, float(np.tanh(z - width)), float(np.tanh(z + width)))


def _more_important(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    if not one.size or not other.size:
        return np.nan, np.nan
    test = scipy.stats.mannwhitneyu(one, other)
    return float(test.statistic / (one.size * other.size)), float(test.pvalue)
