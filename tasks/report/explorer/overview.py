"""Whole layers in the page: the numbers of the report's overview, and of every measure."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.atlas import STATUS, Tree, UnitFields
from spikeatlas.tasks.report.atlas_words import long_unit, short_unit
from spikeatlas.tasks.report.averages import Array, mean, quartiles
from spikeatlas.tasks.report.explorer.columns import KnownMeasure
from spikeatlas.tasks.report.explorer.packing import plain
from spikeatlas.tasks.report.figures import epoch_axis
from spikeatlas.tasks.report.layers import LayerSummary
from spikeatlas.tasks.report.summary import Summary

LAYERS = "progress/layers"
"""Group of what is about a layer's neurons together."""

POPULATION = (
    "active_neurons",
    "population_sparseness",
    "signal_correlation",
    "dimensionality",
)


def layer_overview(
    summary: Summary, layer: LayerSummary, core: dict[str, Array], measures: list[KnownMeasure]
) -> dict[str, Any]:
    """Return quartiles of the measures (3, E) and counts of neurons over epochs; ``core``: its arrays of that name."""
    responses = [name for name in ("response", "least_response") if name in core]
    names = [*responses, *(measure.name for measure in measures)]
    per_epoch = {name: _of_best(core[name]) for name in names if core[name].ndim > 1}
    return {
        "mean_response": plain(mean(layer.response, 1)),
        "quartiles": {name: plain(quartiles(values)) for name, values in per_epoch.items()},
        "states": {word: plain((layer.status == at).sum(axis=1)) for at, word in enumerate(STATUS)},
        "selective": None
        if summary.layout.unit(layer.name).signed
        else _selective(core, summary.flags["analysed"]),
        "elsewhere": _elsewhere(layer),
        "spike_step": plain(layer.spike_step),
        "unit": _unit(summary.layout.unit(layer.name)),
        "switched": plain((core["switched"] == 1).sum()) if "switched" in core else None,
    }


def _unit(unit: UnitFields) -> dict[str, Any]:
    """Return the unit of a layer's responses: in short, in full, whether 0 is silence, and whether some go below it."""
    return {
        "short": short_unit(unit),
        "long": long_unit(unit),
        "silence": unit.zero_is_silence,
        "signed": unit.signed,
    }


def _selective(core: dict[str, Array], analysed: Array) -> list[int | None] | None:
    """Count the neurons that are selective, by epoch, None where it is not analysed; None in an atlas that does not say."""
    if "selective_q" not in core:
        return None
    bars = thresholds()
    enough = core["class_selectivity_index"] >= bars.selective_csi
    counts = (enough & (core["selective_q"] <= bars.rate)).sum(axis=1)
    return [int(n) if done else None for n, done in zip(counts, analysed, strict=True)]


def _elsewhere(layer: LayerSummary) -> list[int | None]:
    """Count the neurons of which a better image is known, by epoch; None where nobody looked."""
    best = layer.best_known
    rows = zip(best.elsewhere, best.compared, strict=True)
    return [int(better.sum()) if compared.any() else None for better, compared in rows]


def _of_best(values: Array) -> Array:
    """Return the values (E, N) of the best search of all."""
    best: Array = values[0] if values.ndim == 3 else values
    return best


def populations(tree: Tree, summary: Summary) -> dict[str, Any]:
    """Return by layer and measure its course over epochs; empty in an atlas that keeps no single responses."""
    if LAYERS not in tree:
        return {}
    table = tree[LAYERS]
    done = xr.DataArray(summary.flags["analysed"], dims="epoch")
    courses = table[list(POPULATION)].where(done)
    return {
        layer: {
            name: plain(courses[name].sel(layer=layer).values.astype(float)) for name in POPULATION
        }
        for layer in summary.layout.layers
    }


def population_about(tree: Tree) -> dict[str, dict[str, str]]:
    """Return label and meaning of each measure of a population."""
    if LAYERS not in tree:
        return {}
    attributes = {name: tree[LAYERS][name].attrs for name in POPULATION}
    return {
        name: {"label": said_of["long_name"], "about": said_of.get("comment", "")}
        for name, said_of in attributes.items()
    }


def epoch_places(summary: Summary) -> dict[str, Any]:
    """Place epochs on an axis from 0 to 1, as the report draws them."""
    axis = epoch_axis(summary.epochs)
    first = axis.scale.get("linthresh")
    places = np.arcsinh(axis.values / first) if first else axis.values
    span = np.ptp(places) or 1.0
    return {
        "label": axis.label,
        "places": plain((places - places[0]) / span),
        "ticks": [int(np.flatnonzero(axis.values == tick)[0]) for tick in axis.ticks],
    }
