"""A layer whose neurons were searched for: the best of all searches and repeats.

Only what is committed counts: searches by their ``status``, per-epoch stages by the marks of ``/progress``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from spikeatlas.tasks.atlas import (
    NATURAL_COLUMNS,
    PENDING,
    SILENT,
    UNPLANNED,
    Layout,
    Tree,
    at_search,
    best_search,
    by_search,
    layer_rows,
    mask,
    settled,
)
from spikeatlas.tasks.report.averages import Array, mean
from spikeatlas.tasks.report.best_known import read_best_known
from spikeatlas.tasks.report.layers.diverse_stimuli import latest_diverse
from spikeatlas.tasks.report.layers.layer_summary import MEASURES, LayerSummary, LeastExciting


def read_searched(
    tree: Tree, name: str, layout: Layout, flags: Mapping[str, Array]
) -> LayerSummary:
    """Read a layer whose neurons were searched for, best over searches and repeats; ``flags`` (E,) of each stage."""
    searches, top = tree[f"layers/{name}"], tree[f"natural_top/{name}"]
    place = best_search(searches.response, searches.status)
    status = states(searches.status, place)
    history = tree[f"history/{name}"]
    return LayerSummary(
        name=name,
        neurons=layout.layers[name],
        status=status,
        **_found_by(searches, place),
        response=at_search(searches.response.where(settled(searches.status)), place),
        place=place,
        mei=_best_images(tree[f"image/{name}"].mei, place),
        diverse=latest_diverse(tree, name, place) if layout.diverse else None,
        least=_least(searches, tree[f"image/{name}"].mei) if layout.signs else None,
        measures=_measures(tree["neurons"], name, flags["analysed"], status),
        tuning=mask(tree[f"natural/{name}"].natural_response.values, flags["observed"]),
        top=mask(top.natural_top.values, flags["observed"]),
        top_response=mask(top.natural_top_response.values, flags["observed"]),
        history=_mean_history(history.history, searches.status),
        image_counts=history["images"].values,
        screened=mask(_best_screened(tree[f"screening/{name}"]), flags["screened"]),
        best_known=read_best_known(tree, name),
        spike_step=layout.spike_steps.get(name),
    )


def _least(searches: xr.Dataset, images: xr.DataArray) -> LeastExciting:
    place = best_search(searches.response, searches.status, -1)
    return LeastExciting(
        status=states(searches.status, place),
        response=at_search(searches.response.where(settled(searches.status)), place),
        place=place,
        mei=_best_images(images, place),
    )


def states(status: xr.DataArray, place: Array) -> Array:
    """Return the state (E, N) of the search at ``place``; pending or failed where none has ended."""
    planned = by_search(status.where(status != UNPLANNED, PENDING))
    ended = by_search(settled(status)).any(axis=2)
    return np.where(ended, at_search(status, place), planned.max(axis=2))


def _found_by(group: xr.Dataset, place: Array) -> dict[str, Array]:
    """Return the name and the repeat of the best search; none where no search has ended."""
    ended = settled(xr.DataArray(at_search(group.status, place))).values
    repeats = group.sizes["repeat"]
    methods = group["search"].values.astype(object)
    return {
        "search": np.where(ended, methods[place // repeats], ""),
        "repeat": np.where(ended, place % repeats, -1),
    }


def _best_images(mei: xr.DataArray, place: Array) -> Array:
    """Read epoch by epoch: all searches' images of a large atlas would not fit into memory at once."""
    images: Array = np.empty(
        (*place.shape, *(mei.sizes[dim] for dim in ("channel", "y", "x"))), np.uint8
    )
    for row, best in enumerate(place):
        images[row] = at_search(mei.isel(epoch=row), best)
    return images


def _measures(table: xr.Dataset, layer: str, analysed: Array, status: Array) -> dict[str, Array]:
    rows = layer_rows(table, layer)
    names = [*MEASURES, *(name for name in NATURAL_COLUMNS if name in rows)]
    measures = {name: mask(rows[name].values, analysed) for name in names}
    # a silent neuron has no image in which a class could be read
    measures["mei_class"] = np.where(status == SILENT, -1, measures["mei_class"])
    return measures


def _mean_history(history: xr.DataArray, status: xr.DataArray) -> Array:
    ended = history.where(settled(status))
    return mean(ended.transpose("epoch", "search", "images", "neuron", "repeat").values, 2)


def _best_screened(screening: xr.Dataset) -> Array:
    responses, repeats = screening.screening_response.values, screening.stimulus_repeat.values
    best = [responses[:, repeats == repeat].max(axis=1) for repeat in np.unique(repeats)]
    return mean(np.stack(best, axis=1), 2)
