"""An atlas as the report shows it, read once: plain arrays, best over methods and repeats.

Only what is committed counts: searches by their ``status``, per-epoch stages by the root's flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from spikeatlas.tasks.atlas import (
    FLAGS,
    NATURAL_COLUMNS,
    PENDING,
    SILENT,
    UNPLANNED,
    UNSETTLED,
    Layout,
    at_search,
    best_search,
    by_search,
    layer_rows,
    layout_of,
    mask,
    open_store,
    open_tree,
    settled,
    study_of,
)
from spikeatlas.tasks.atlas import sign as sign_of
from spikeatlas.tasks.report.averages import Array, mean
from spikeatlas.tasks.report.diverse_stimuli import Diverse, latest_diverse
from spikeatlas.tasks.study.location import Place

RATIOS = ("natural_ratio", "random_ratio")
MEASURES = ("class_selectivity_index", "preferred_class", "mei_class", *RATIOS)
PROGRESS = ("accuracy", "loss", "step", "images_seen")


@dataclass(frozen=True, eq=False)
class LayerSummary:
    """One layer's neurons; E epochs, N neurons, C classes, R ranks. NaN and -1: not known (yet)."""

    name: str
    neurons: tuple[int, ...]
    """Channel or unit of each of the N neurons."""
    status: Array
    """(E, N) state of the best search; pending or failed where none has ended."""
    response: Array
    """(E, N) response to the MEI, 0 to 1."""
    method: Array
    """(E, N) name of the method that found it, empty where none has."""
    repeat: Array
    """(E, N) repeat that found it."""
    place: Array
    """(E, N) place of that search among methods x repeats."""
    mei: Array
    """(E, N, channels, height, width) uint8."""
    measures: Mapping[str, Array]
    """The columns of ``/neurons`` that the analysis fills, (E, N) each."""
    tuning: Array
    """(E, N, C) mean response to the test images of each class."""
    top: Array
    """(E, N, R) indices of the best test images."""
    top_response: Array
    """(E, N, R) responses to them."""
    history: Array
    """(E, methods, queries) best so far, mean over neurons and repeats that have ended."""
    queries: Array
    """(queries,) images shown per neuron at each point of ``history``."""
    diverse: Diverse | None
    """Stimuli unlike the MEIs that drive the neurons nearly as much; None where none were asked for."""
    screened: Array
    """(E,) best response to a screening stimulus, mean over neurons and repeats."""

    @property
    def settled(self) -> Array:
        """(E, N) true where a search of the neuron has ended."""
        return ~np.isin(self.status, UNSETTLED)


@dataclass(frozen=True, eq=False)
class Summary:
    """A whole atlas as the report sees it."""

    name: str
    """File name of the store."""
    layout: Layout
    sign: int
    """1: the most exciting images, -1: the least exciting ones."""
    study: Mapping[str, Any]
    attributes: Mapping[str, Any]
    provenance: Mapping[str, Any]
    progress: Mapping[str, Array]
    """``accuracy``, ``loss``, ``step`` and ``images_seen`` of the E epochs."""
    flags: Mapping[str, Array]
    """(E,) of each stage: true where it is committed."""
    layers: tuple[LayerSummary, ...]

    @property
    def epochs(self) -> Array:
        """(E,) probed epochs, ascending."""
        return np.array(self.layout.epochs)

    @property
    def data_name(self) -> str:
        """Name of the data set that the network learnt."""
        return str(self.study.get("data", {}).get("dataset", "images"))

    @property
    def reached(self) -> int | None:
        """Row of the last epoch in which a search has ended or failed."""
        rows = [np.flatnonzero((layer.status != PENDING).any(axis=1)) for layer in self.layers]
        return _last(np.concatenate(rows))

    @property
    def analysed(self) -> int | None:
        """Row of the last epoch that is analysed."""
        return _last(np.flatnonzero(self.flags["analysed"]))

    @property
    def observed(self) -> int | None:
        """Row of the last epoch whose responses to test images are known."""
        return _last(np.flatnonzero(self.flags["observed"]))


def _last(rows: Array) -> int | None:
    return int(rows.max()) if rows.size else None


def read_summary(atlas: Place) -> Summary:
    """Read all that the report shows.

    Raises FileNotFoundError when there is no atlas, AtlasError when it is damaged or newer than we are.
    """
    store = open_store(atlas)
    layout, sign = layout_of(store), sign_of(atlas)
    with open_tree(atlas) as tree:
        root = tree.to_dataset()
        flags = {name: root[name].values == 1 for name in FLAGS}
        return Summary(
            name=atlas.name,
            layout=layout,
            sign=sign,
            study=study_of(store),
            attributes=_by_name(tree.attrs),
            provenance=_by_name(tree["provenance"].attrs),
            progress={name: root[name].values for name in PROGRESS},
            flags=flags,
            layers=tuple(_read_layer(tree, name, layout, sign, flags) for name in layout.layers),
        )


def _by_name(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in attributes.items()}


def _read_layer(
    tree: xr.DataTree, name: str, layout: Layout, sign: int, flags: Mapping[str, Array]
) -> LayerSummary:
    group = tree[f"layers/{name}"].to_dataset()
    place = best_search(group.response, group.status, sign)
    status = states(group.status, place)
    return LayerSummary(
        name=name,
        neurons=layout.layers[name],
        status=status,
        **_found_by(group, place),
        response=at_search(group.response.where(settled(group.status)), place),
        place=place,
        mei=_best_images(group.mei, place),
        diverse=latest_diverse(group, place) if layout.diverse else None,
        measures=_measures(tree["neurons"].to_dataset(), name, flags["analysed"], status),
        tuning=mask(group.natural_response.values, flags["observed"]),
        top=mask(group.natural_top.values, flags["observed"]),
        top_response=mask(group.natural_top_response.values, flags["observed"]),
        history=_mean_history(group),
        queries=group["query"].values,
        screened=mask(_best_screened(tree["screening"].to_dataset(), name), flags["screened"]),
    )


def states(status: xr.DataArray, place: Array) -> Array:
    """Return the state (E, N) of the search at ``place``; pending or failed where none has ended."""
    planned = by_search(status.where(status != UNPLANNED, PENDING))
    ended = by_search(settled(status)).any(axis=2)
    return np.where(ended, at_search(status, place), planned.max(axis=2))


def _found_by(group: xr.Dataset, place: Array) -> dict[str, Array]:
    """Return the method and the repeat of the best search; none where no search has ended."""
    ended, repeats = by_search(settled(group.status)).any(axis=2), group.sizes["repeat"]
    methods = group["method"].values.astype(object)
    return {
        "method": np.where(ended, methods[place // repeats], ""),
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
    # a silent neuron's image is whatever came first: what is read in it says nothing about the neuron
    measures["mei_class"] = np.where(status == SILENT, -1, measures["mei_class"])
    return measures


def _mean_history(group: xr.Dataset) -> Array:
    ended = group.history.where(settled(group.status))
    return mean(ended.transpose("epoch", "method", "query", "neuron", "repeat").values, 2)


def _best_screened(screening: xr.Dataset, layer: str) -> Array:
    responses = screening[f"response_{layer}"].values
    repeats = screening["repeat"].values
    best = [responses[:, repeats == repeat].max(axis=1) for repeat in np.unique(repeats)]
    return mean(np.stack(best, axis=1), 2)
