"""The table people start from: one row a neuron and epoch, its best result over methods and repeats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeatlas.tasks.atlas.groups.axes import AxisLabels
from spikeatlas.tasks.atlas.groups.base import RATE, ROWS, Group, Variable, rows
from spikeatlas.tasks.atlas.groups.naturalness_group import measured, naturalness_variables
from spikeatlas.tasks.atlas.groups.of_layers.best_group import best_rows, known_rows
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED, KNOWN
from spikeatlas.tasks.atlas.layout import Layout

NATURAL_COLUMNS = ("typicality", "norm_quantile", "nearest_distance")
"""What ``/neurons`` takes over of ``/naturalness``, as far as there is such a variable."""


def _variables(_layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    return {
        **best_rows({}),
        "mei_class": Variable(ROWS, "int16", -1, "class read in the MEI", "by the network of this epoch, its place among the categories; none: no output spike, or a silent neuron"),
        "natural_ratio": Variable(ROWS, "float32", np.nan, "MEI / best test image", "ratio of the responses; undefined where the latter's is not above 0, and of least exciting images"),
        "random_ratio": Variable(ROWS, "float32", np.nan, "MEI / best screening image", "ratio of the responses, screening of the same repeat; undefined where the latter's is not above 0, and of least exciting images"),
        "class_selectivity_index": Variable(ROWS, "float32", np.nan, "class selectivity index", "on test images"),
        "preferred_class": Variable(ROWS, "int16", -1, "preferred class", "on test images, its place among the categories; none: undefined"),
    }  # fmt: skip


def _known(_layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    return known_rows({})


def _natural_columns(layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    natural = naturalness_variables(layout)
    return {name: natural[name]._replace(dims=ROWS) for name in NATURAL_COLUMNS if name in natural}


def _labels(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    steps = [layout.spike_steps.get(layer, np.nan) for layer, n in layout.layers.items() for _ in n]
    step = AxisLabels("neuron", steps, "step of one spike", "what one spike adds to the response")
    return {**rows(layout), "spike_step": step, **_units(layout)}


def _units(layout: Layout) -> dict[str, AxisLabels]:
    """The unit of each neuron's response, where layers differ from the usual one."""
    names = {layer: unit.name for layer, unit in layout.units.items()}
    if not names:
        return {}
    units = [names.get(layer, RATE) for layer, n in layout.layers.items() for _ in n]
    return {
        "unit": AxisLabels("neuron", units, "unit of the response", "1: spikes a step and position")
    }


NEURONS = Group(
    "neurons",
    "the table to start from: each neuron's best result, with `layer` and `neuron_index`",
    _variables,
    _labels,
    mark=ANALYSED,
    of_searches=True,
)
KNOWN_NEURONS = Group(
    "neurons", "the best known response beside it", _known, _labels, mark=KNOWN, of_searches=True
)
NATURAL_NEURONS = Group(
    "neurons",
    "how natural that result's MEI is",
    _natural_columns,
    _labels,
    mark=ANALYSED,
    when=measured,
    of_searches=True,
)
