"""The table people start from: one row a neuron and epoch, its best result over methods and repeats."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    RATE,
    ROWS,
    TABLE,
    Group,
    Variable,
    flags,
    table_rows,
)
from spikeatlas.tasks.atlas.groups.layer_group import PENDING, STATUS
from spikeatlas.tasks.atlas.groups.naturalness_group import measured, naturalness_variables
from spikeatlas.tasks.atlas.layout import Layout

NATURAL_COLUMNS = ("typicality", "norm_quantile", "nearest_distance")
"""What ``/neurons`` takes over of ``/naturalness``, as far as there is such a variable."""


def _variables(_layout: Layout) -> dict[str, Variable]:
    return {
        "response": Variable(ROWS, "float32", np.nan, "best MEI response", RATE, TABLE),
        "method": Variable(ROWS, str, "", "method that found it", extra=TABLE),
        "repeat": Variable(ROWS, "int16", -1, "repeat that found it", extra=TABLE),
        "status": Variable(ROWS, "uint8", PENDING, "state of that search", extra={**TABLE, **flags(STATUS)}),
        "mei_class": Variable(ROWS, "int16", -1, "class read in that MEI, -1: no output spike", extra=TABLE),
        "natural_ratio": Variable(ROWS, "float32", np.nan, "best MEI response / best test image's response", extra=TABLE),
        "random_ratio": Variable(ROWS, "float32", np.nan, "best MEI response / best screening stimulus's response (same repeat)", extra=TABLE),
        "class_selectivity_index": Variable(ROWS, "float32", np.nan, "class selectivity index on test images", extra=TABLE),
        "preferred_class": Variable(ROWS, "int16", -1, "preferred class on test images, -1: undefined", extra=TABLE),
    }  # fmt: skip


def _natural_columns(layout: Layout) -> dict[str, Variable]:
    natural = naturalness_variables(layout)
    return {name: natural[name]._replace(dims=ROWS) for name in NATURAL_COLUMNS if name in natural}


NEURONS = Group(
    "neurons",
    "the table to start from: each neuron's best result, with `layer` and `index`",
    _variables,
    table_rows,
    mark="analysed",
    first=True,
)
NATURAL_NEURONS = Group(
    "neurons",
    "how natural that result's MEI is",
    _natural_columns,
    mark="analysed",
    when=measured,
)
