"""Measures of a layer's neurons together (sources in ``snn/selectivity``)."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import AxisLabels, Group, Variable, epochs
from spikeatlas.tasks.atlas.layout import Layout

DIMS = ("epoch", "layer")


def _variables(_layout: Layout) -> dict[str, Variable]:
    return {
        "population_sparseness": Variable(DIMS, "float32", np.nan, "Treves-Rolls sparseness over the neurons, mean over test images; 0 (all alike) to 1 (one answers)"),
        "signal_correlation": Variable(DIMS, "float32", np.nan, "mean Pearson correlation of the class tuning of two neurons; -1 to 1"),
        "dimensionality": Variable(DIMS, "float32", np.nan, "participation ratio of the responses' covariance; 1 to the number of neurons"),
        "active_neurons": Variable(DIMS, "int32", 0, "neurons with a non-zero response to any of the test images"),
    }  # fmt: skip


def _labels(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    return {**epochs(layout), "layer": AxisLabels("layer", tuple(layout.layers), "spiking layer")}


POPULATION = Group(
    "population",
    "a layer's neurons together",
    _variables,
    _labels,
    mark="analysed",
    when=lambda layout: bool(layout.natural_images),
)
