"""Measures of each neuron, on natural images and on its MEIs (sources in ``snn/selectivity``)."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.selectivity import BUILT_IN, Quantity
from spikeatlas.tasks.atlas.groups.base import (
    MEI,
    ROWS,
    SEARCHES,
    SEEN,
    TABLE,
    TUNED,
    Column,
    Group,
    Variable,
    brought_rows,
    search_rows,
)
from spikeatlas.tasks.atlas.layout import Layout, Named

CORRECTED = {
    "selective_p": {
        "selective_q": Quantity(
            "the same corrected for the neurons of the layer (Benjamini-Hochberg)"
        )
    }
}
"""Arrays that the analysis makes of a measure's values, by its name."""


def _first(_layout: Layout) -> dict[str, Variable]:
    return {
        "class_selectivity_index": Variable(ROWS, "float32", np.nan, "(preferred - mean of others) / (preferred + mean of others), class chosen on one half of the test images, measured on the other; -1 to 1", extra=TABLE),
        "preferred_class": Variable(ROWS, "int16", -1, "class with the highest mean response, -1: undefined", extra=TABLE),
        "mei_class": Variable(SEARCHES, "int16", -1, "class that the network of this epoch reads in the MEI, -1: no output spike, or a silent neuron", extra=TABLE),
        "natural_ratio": Variable(SEARCHES, "float32", np.nan, "MEI response / best test image's response", extra=TABLE),
        "random_ratio": Variable(SEARCHES, "float32", np.nan, "MEI response / best screening stimulus's response (same repeat)", extra=TABLE),
    }  # fmt: skip


def _tuning(layout: Layout) -> dict[str, Variable]:
    quantities: dict[str, Quantity] = {}
    for measure in BUILT_IN:
        quantities |= measure.quantities | CORRECTED.get(measure.variable, {})
    return brought_rows(
        Named(name, *quantity)
        for name, quantity in quantities.items()
        if name not in _first(layout)
    )


def _of_meis(_layout: Layout) -> dict[str, Variable]:
    return {
        "mei_reference_class": Variable(SEARCHES, "int16", -1, "class that the study's classifier, the same at all epochs, reads in the MEI; -1: less sure of it than of 95 % of test images, no classifier, or a silent neuron", extra=TABLE),
        "mei_reference_confidence": Variable(SEARCHES, "float32", np.nan, "its calibrated probability of that class", extra=TABLE),
        "mei_perplexity": Variable(SEARCHES, "float32", np.nan, "relative perplexity of the network's class probabilities (temperature fitted on test images) for the MEI; 1 / classes (one class) to 1 (none)", extra=TABLE),
        "mei_mango_perplexity": Variable(SEARCHES, "float32", np.nan, "MANGO's value of the same, of the plain softmax of spike counts and with its mixed logarithms; floor 0.203 for 10 classes", extra=TABLE),
        "mei_bytes": Variable(SEARCHES, "int32", -1, "losslessly compressed size of the MEI", "byte", TABLE),
        "mei_slope": Variable(SEARCHES, "float32", np.nan, "slope of log power over log spatial frequency of the MEI", extra=TABLE),
    }  # fmt: skip


def _keeps_responses(layout: Layout) -> bool:
    return bool(layout.natural_images)


def _brought(layout: Layout) -> dict[str, Variable]:
    return brought_rows(layout.measures)


SELECTIVITY = Group(
    "selectivity",
    "each neuron's selectivity for classes, the class read in each MEI, and its response against the best natural and "
    "the best screening stimulus",
    _first,
    search_rows,
    mark="analysed",
    first=True,
    columns=(
        Column("natural_ratio", "MEI / best test image", MEI),
        Column("random_ratio", "MEI / best screening image", MEI),
        Column("class_selectivity_index", "class selectivity index", TUNED),
    ),
    beside=("preferred_class", "mei_class"),
)
TUNING = Group(
    "selectivity",
    "measures on single test images, with intervals, shuffled labels and tests",
    _tuning,
    mark="analysed",
    when=_keeps_responses,
    columns=(
        Column("d_prime", "d' of the preferred class", TUNED),
        Column("auc", "AUC of the preferred class", TUNED),
        Column("mutual_information", "information on the class", TUNED),
        Column("lifetime_sparseness", "lifetime sparseness", TUNED),
        Column("hoyer_sparseness", "Hoyer sparseness", TUNED),
        Column("split_half_reliability", "split-half reliability", TUNED),
        Column("selective_q", "q of being selective", TUNED),
    ),
    beside=(
        "csi_low",
        "csi_high",
        "csi_null",
        "csi_null_high",
        "selective_p",
        "mutual_information_null",
    ),
)
BROUGHT_MEASURES = Group(
    "selectivity",
    "measures of the user's own (analysis.measures), under their own names",
    _brought,
    mark="analysed",
    when=lambda layout: bool(layout.measures),
    condition="analysis.measures",
)
MEIS = Group(
    "selectivity",
    "measures on the MEIs themselves (with a warm start: on `cold_mei`)",
    _of_meis,
    mark="analysed",
    when=_keeps_responses,
    columns=(
        Column("mei_perplexity", "perplexity of the MEI", SEEN),
        Column("mei_mango_perplexity", "MANGO's perplexity", SEEN),
        Column("mei_reference_confidence", "confidence of the classifier", SEEN),
        Column("mei_bytes", "compressed size", SEEN),
        Column("mei_slope", "slope of the spectrum", SEEN),
    ),
    beside=("mei_reference_class",),
)
