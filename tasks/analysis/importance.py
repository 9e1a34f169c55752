"""The loss of a neuron, its selectivity, and how measures of importance agree with both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.analysis.intervals import NOTHING, Estimate, over_seeds
from spikeatlas.tasks.atlas import Tree, layer_rows

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
    z = _fisher(r)
    return Estimate(r, float(np.tanh(z - width)), float(np.tanh(z + width)))


class Agreement(NamedTuple):
    """Rank correlation of a measure of importance with another quantity of the neurons of one layer at one epoch."""

    layer: str
    epoch: float
    measure: str
    """``ablation``, the rise of the loss, or an array of ``/importance``."""
    against: str
    """``ablation``, or ``selectivity``, the class selectivity index."""
    networks: int
    """Networks over which it is averaged."""
    rho: float
    """Spearman's; NaN below five neurons, or where either has one value for all."""
    low: float
    high: float
    """95 % interval: of one network over neurons, of several by Student's t over networks, both on Fisher's scale."""


def agreements(trees: Sequence[Tree]) -> Iterator[Agreement]:
    """Yield how measures agree in atlases of one study, one for each training seed: layers, then epochs, then measures.

    ValueError where nothing was silenced, or the atlases are not of the same layers and measures.
    """
    _require_alike(trees)
    measures = ["ablation", *_further(trees[0])]
    for layer in trees[0].layers:
        for epoch in _ablated_epochs(trees):
            columns = [_columns(tree, layer, epoch, measures) for tree in trees]
            for measure in measures:
                for against in ("ablation", "selectivity"):
                    if measure != against:
                        pairs = [_spearman(rows[measure], rows[against]) for rows in columns]
                        estimate = _together(pairs)
                        yield Agreement(layer, epoch, measure, against, _defined(pairs), *estimate)


def _require_alike(trees: Sequence[Tree]) -> None:
    for tree in trees:
        if "importance/ablation" not in tree:
            raise ValueError(
                "an atlas has no /importance/ablation: its study names no epochs in analysis.ablation; ask for it in a "
                "study with another output"
            )
        if tree.layers != trees[0].layers or _further(tree) != _further(trees[0]):
            first, other = (
                f"layers {', '.join(t.layers)} and measures {', '.join(_further(t)) or 'none'}"
                for t in (trees[0], tree)
            )
            raise ValueError(
                f"the atlases have {first}, and {other}: name those of one study, trained from other seeds"
            )
    seeds = [int(tree["importance/ablation"].network.item()) for tree in trees]
    if len(set(seeds)) < len(seeds):
        raise ValueError(
            f"the atlases are of training seeds {', '.join(map(str, seeds))}: name each network once"
        )


def _further(tree: Tree) -> list[str]:
    """Names of the measures beside the ablation."""
    return sorted(map(str, tree["importance"].data_vars))


def _ablated_epochs(trees: Sequence[Tree]) -> list[float]:
    """Epochs at which neurons of all networks were silenced. ValueError where there are none."""
    rows = [
        {float(e) for e in tree.progress.epoch.values[tree.progress.ablated.values == 1]}
        for tree in trees
    ]
    epochs = sorted(set.intersection(*rows))
    if not epochs:
        raise ValueError("no neuron has been silenced yet: run the study to its end")
    return epochs


def _columns(
    tree: Tree, layer: str, epoch: float, measures: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Values (neurons,) of each measure of a layer at an epoch, and of selectivity."""
    ablation, further, selectivity = (
        layer_rows(tree[group].sel(epoch=epoch), layer)
        for group in ("importance/ablation", "importance", "selectivity")
    )
    values = {
        "ablation": ablation.loss_increase,
        "selectivity": selectivity.class_selectivity_index,
    }
    values |= {name: further[name] for name in measures if name != "ablation"}
    return {name: column.values.astype(np.float64) for name, column in values.items()}


def _defined(estimates: Sequence[Estimate]) -> int:
    return sum(not np.isnan(estimate.effect) for estimate in estimates)


def _together(estimates: Sequence[Estimate]) -> Estimate:
    """Return the estimate of one network, or that over several."""
    if len(estimates) == 1:
        return estimates[0]
    # on Fisher's scale, which has no ends: bounds are correlations as well
    correlations = np.array([estimate.effect for estimate in estimates])
    return Estimate(*np.tanh(over_seeds(_fisher(correlations))).tolist())


def _fisher(correlation: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(np.arctanh(np.clip(correlation, -1 + 1e-9, 1 - 1e-9)))


def _more_important(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    if not one.size or not other.size:
        return np.nan, np.nan
    test = scipy.stats.mannwhitneyu(one, other)
    return float(test.statistic / (one.size * other.size)), float(test.pvalue)
