"""The measures that the page can sort by and draw over training, as far as an atlas has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from spikeatlas.tasks.atlas import at_search, layer_rows, mask
from spikeatlas.tasks.report.averages import Array


@dataclass(frozen=True)
class Measure:
    """One number of a neuron: of each epoch, and of each search of it where it is about a stimulus."""

    group: str
    """Group of the atlas that holds it."""
    name: str
    label: str
    kind: str
    """The heading it stands under."""


MEI, TUNED, SEEN, NET, TIME = (
    "MEI",
    "Tuning to test images",
    "What is seen in the MEI",
    "Role in the network",
    "Over training",
)

MEASURES = (
    Measure("selectivity", "natural_ratio", "MEI / best test image", MEI),
    Measure("selectivity", "random_ratio", "MEI / best screening image", MEI),
    Measure("selectivity", "class_selectivity_index", "class selectivity index", TUNED),
    Measure("selectivity", "d_prime", "d' of the preferred class", TUNED),
    Measure("selectivity", "auc", "AUC of the preferred class", TUNED),
    Measure("selectivity", "mutual_information", "information on the class", TUNED),
    Measure("selectivity", "lifetime_sparseness", "lifetime sparseness", TUNED),
    Measure("selectivity", "hoyer_sparseness", "Hoyer sparseness", TUNED),
    Measure("selectivity", "split_half_reliability", "split-half reliability", TUNED),
    Measure("selectivity", "selective_q", "q of being selective", TUNED),
    Measure("selectivity", "mei_perplexity", "perplexity of the MEI", SEEN),
    Measure("selectivity", "mei_mango_perplexity", "MANGO's perplexity", SEEN),
    Measure("selectivity", "mei_reference_confidence", "confidence of the classifier", SEEN),
    Measure("selectivity", "mei_bytes", "compressed size", SEEN),
    Measure("selectivity", "mei_slope", "slope of the spectrum", SEEN),
    Measure("naturalness", "typicality", "typicality", SEEN),
    Measure("naturalness", "norm_quantile", "length of the latent (quantile)", SEEN),
    Measure("naturalness", "nearest_distance", "distance to training images", SEEN),
    Measure("naturalness", "clipped_share", "clipped pixels", SEEN),
    Measure("ablation", "loss_increase", "importance (rise of the loss)", NET),
    Measure("ablation", "accuracy", "accuracy without the neuron", NET),
    Measure("training", "onset_epoch", "onset of selectivity", TIME),
    Measure("training", "highly_selective_onset", "onset of high selectivity", TIME),
    Measure("training", "switch_epoch", "epoch of the switch", TIME),
    Measure("training", "switch_q", "q of the switch", TIME),
)

BESIDE = {
    "selectivity": (
        "csi_low",
        "csi_high",
        "csi_null",
        "csi_null_high",
        "selective_p",
        "mutual_information_null",
        "preferred_class",
        "mei_class",
        "mei_reference_class",
    ),
    "training": (
        "switched",
        "switch_from",
        "switch_to",
        "switch_start",
        "switch_end",
        "switch_p",
        "mei_support_p",
    ),
    "ablation": (),
    "naturalness": (),
}
"""Variables that are shown with them but not sorted by, by group."""

FLAG = {"selectivity": "analysed", "naturalness": "analysed", "ablation": "ablated"}
"""The mark of a group's committed epochs; ``/training`` is about all of them."""


def identifier(measure: Measure) -> str:
    """Return the measure's name in the page: its variable's, but for the accuracy, which is also the network's."""
    if (measure.group, measure.name) == ("ablation", "accuracy"):
        return "ablated_accuracy"
    return measure.name


def known_measures(tree: xr.DataTree) -> list[tuple[Measure, xr.DataArray]]:
    """Return the measures that an atlas has a place for."""
    return [
        (measure, tree[measure.group].to_dataset()[measure.name])
        for measure in MEASURES
        if measure.group in tree.children and measure.name in tree[measure.group].to_dataset()
    ]


def layer_measures(tree: xr.DataTree, layer: str, places: list[Array]) -> dict[str, Array]:
    """Return all that the analysis says of a layer's N neurons, by name in the page.

    (N,) for what is about the whole of training, (E, N) for what is about an epoch, and (K, E, N) for
    what is about a stimulus: that of the searches at each of the K ``places`` (E, N).
    """
    measures: dict[str, Array] = {}
    for group, beside in BESIDE.items():
        if group not in tree.children:
            continue
        table = tree[group].to_dataset()
        rows = layer_rows(table, layer)
        names = {m.name: identifier(m) for m in MEASURES if m.group == group}
        names |= {name: name for name in beside}
        committed = _committed(tree, table, group)
        for name, label in names.items():
            if name in rows:
                values = _values(rows[name], places, committed)
                counted = name not in beside and values.dtype.kind in "iu"
                measures[label] = np.where(values < 0, np.nan, values) if counted else values
    return measures


def _committed(tree: xr.DataTree, table: xr.Dataset, group: str) -> Array | None:
    """Return (E,) true for the epochs that are committed; None for a group that is about all epochs together."""
    flag = FLAG.get(group)
    if flag is None:
        return None
    holder = table if flag in table else tree.to_dataset()
    committed: Array = holder[flag].values == 1
    return committed


def _values(values: xr.DataArray, places: list[Array], committed: Array | None) -> Array:
    if committed is None:
        return np.asarray(values.values)
    if "method" in values.dims:
        return np.stack([mask(at_search(values, place), committed) for place in places])
    return mask(values.transpose("epoch", "neuron").values, committed)
