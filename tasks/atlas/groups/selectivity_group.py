"""Measures of each neuron, on natural images and on its MEIs (sources in ``snn/selectivity``)."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.selectivity import BUILT_IN, Quantity
from spikeatlas.tasks.atlas.groups.base import (
    MEI,
    ROWS,
    SEARCHES,
    SEEN,
    TUNED,
    Column,
    Group,
    Variable,
    brought_rows,
    rows,
    same,
)
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED, OBSERVED
from spikeatlas.tasks.atlas.layout import Layout, Named

CORRECTED = {
    "selective_p": {
        "selective_q": Quantity(
            "q of being selective",
            comment="selective_p corrected for the neurons of the layer (Benjamini-Hochberg)",
        )
    }
}
"""Arrays that the analysis makes of a measure's values, by its name."""

_ACTIVE = {
    "natural_active": Variable(ROWS, "int32", 0, "active test images", "whose response is not 0", "image"),
}  # fmt: skip

_FIRST = {
    "class_selectivity_index": Variable(ROWS, "float32", np.nan, "class selectivity index", "(preferred - mean of others) / (preferred + mean of others), class chosen on one half of the test images, measured on the other; -1 to 1; undefined where any response is negative, or may be: a share of a sum of both signs is no share"),
    "preferred_class": Variable(ROWS, "int16", -1, "preferred class", "with the highest mean response, its place among the categories; none: undefined"),
}  # fmt: skip

_READ = {
    "mei_class": Variable(SEARCHES, "int16", -1, "class read in the MEI", "by the network of this epoch, its place among the categories; none: no output spike, or a silent neuron"),
    "natural_ratio": Variable(SEARCHES, "float32", np.nan, "MEI / best test image", "ratio of the responses; undefined where the latter's is not above 0, and of least exciting images"),
    "random_ratio": Variable(SEARCHES, "float32", np.nan, "MEI / best screening image", "ratio of the responses, screening of the same repeat; undefined where the latter's is not above 0, and of least exciting images"),
}  # fmt: skip

_OF_MEIS = {
    "mei_reference_class": Variable(SEARCHES, "int16", -1, "class the classifier reads", "of the study, the same at all epochs, in the MEI; none: less sure of it than of 95 % of test images, no classifier, or a silent neuron"),
    "mei_reference_confidence": Variable(SEARCHES, "float32", np.nan, "confidence of the classifier", "its calibrated probability of that class"),
    "mei_perplexity": Variable(SEARCHES, "float32", np.nan, "perplexity of the MEI", "relative perplexity of the network's class probabilities (temperature fitted on test images); 1 / classes (one class) to 1 (none)"),
    "mei_mango_perplexity": Variable(SEARCHES, "float32", np.nan, "MANGO's perplexity", "MANGO's value of the same, of the plain softmax of spike counts and with its mixed logarithms; floor 0.203 for 10 classes"),
    "mei_bytes": Variable(SEARCHES, "int32", -1, "compressed size", "of the MEI, without loss", "byte"),
    "mei_slope": Variable(SEARCHES, "float32", np.nan, "slope of the spectrum", "of log power over log spatial frequency of the MEI"),
}  # fmt: skip

MEASURES_OF_IMAGES = tuple(_OF_MEIS)
"""Names of the measures on MEIs themselves."""


def _tuning(_layout: Layout, _layer: str | None) -> dict[str, Variable]:
    quantities: dict[str, Quantity] = {}
    for measure in BUILT_IN:
        quantities |= measure.quantities | CORRECTED.get(measure.variable, {})
    return brought_rows(
        Named(name, *quantity) for name, quantity in quantities.items() if name not in _FIRST
    )


def _keeps_responses(layout: Layout) -> bool:
    return bool(layout.natural_images)


def _brought(layout: Layout, _layer: str | None) -> dict[str, Variable]:
    return brought_rows(layout.measures)


ACTIVE = Group(
    "selectivity",
    "how many test images each neuron answers",
    same(_ACTIVE),
    rows,
    mark=OBSERVED,
)
SELECTIVITY = Group(
    "selectivity",
    "each neuron's selectivity for classes of test images",
    same(_FIRST),
    rows,
    mark=ANALYSED,
    columns=(Column("class_selectivity_index", "class selectivity index", TUNED),),
    beside=("preferred_class",),
)
TUNING = Group(
    "selectivity",
    "measures on single test images, with intervals, shuffled labels and tests",
    _tuning,
    rows,
    mark=ANALYSED,
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
    rows,
    mark=ANALYSED,
    when=lambda layout: bool(layout.measures),
    condition="analysis.measures",
)
READ = Group(
    "meis",
    "of each search's MEI: the class that the network reads in it, and its response against the best natural and the "
    "best screening stimulus",
    same(_READ),
    rows,
    mark=ANALYSED,
    columns=(
        Column("natural_ratio", "MEI / best test image", MEI),
        Column("random_ratio", "MEI / best screening image", MEI),
    ),
    beside=("mei_class",),
    of_searches=True,
)
MEIS = Group(
    "meis",
    "measures on the MEIs themselves (with a warm start: on `cold_mei`)",
    same(_OF_MEIS),
    rows,
    mark=ANALYSED,
    when=_keeps_responses,
    columns=(
        Column("mei_perplexity", "perplexity of the MEI", SEEN),
        Column("mei_mango_perplexity", "MANGO's perplexity", SEEN),
        Column("mei_reference_confidence", "confidence of the classifier", SEEN),
        Column("mei_bytes", "compressed size", SEEN),
        Column("mei_slope", "slope of the spectrum", SEEN),
    ),
    beside=("mei_reference_class",),
    of_searches=True,
)
