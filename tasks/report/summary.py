"""An atlas as the report shows it, read once: plain arrays, best over searches and repeats.

Only what is committed counts: searches by their ``status``, per-epoch stages by the marks of ``/progress``.
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
    Tree,
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
from spikeatlas.tasks.report.best_known import BestKnown, read_best_known
from spikeatlas.tasks.report.diverse_stimuli import Diverse, latest_diverse
from spikeatlas.tasks.report.natural_images import TestImages, test_images
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
    search: Array
    """(E, N) name of the search that found it, empty where none has."""
    repeat: Array
    """(E, N) repeat that found it."""
    place: Array
    """(E, N) place of that search among searches x repeats."""
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
    """(E, searches, counts) best so far, mean over neurons and repeats that have ended."""
    image_counts: Array
    """(counts,) images shown per neuron at each point of ``history``."""
    best_known: BestKnown
    """What beats the search."""
    spike_step: float | None
    """What one spike adds to a response; None: the atlas does not say."""
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
    test: TestImages
    """The test images that the atlas names by their indices."""

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
    layout, sign, study = layout_of(store), sign_of(atlas), study_of(store)
    with open_tree(atlas) as tree:
        progress, provenance = tree.progress, _by_name(tree["provenance"].attrs)
        flags = {name: progress[name].values == 1 for name in FLAGS}
        return Summary(
            name=atlas.name,
            layout=layout,
            sign=sign,
            study=study,
            attributes=_by_name(tree.attrs),
            provenance=provenance,
            progress={name: progress[name].values for name in PROGRESS},
            flags=flags,
            layers=tuple(_read_layer(tree, name, layout, sign, flags) for name in layout.layers),
            test=test_images(tree, study.get("data", {}), provenance.get("data_digest")),
        )


def _by_name(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in attributes.items()}


def _read_layer(
    tree: Tree, name: str, layout: Layout, sign: int, flags: Mapping[str, Array]
) -> LayerSummary:
    searches, top = tree[f"layers/{name}"], tree[f"natural_top/{name}"]
    place = best_search(searches.response, searches.status, sign)
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


def states(status: xr.DataArray, place: Array) -> Array:
    """Return the state (E, N) of the search at ``place``; pending or failed where none has ended."""
    planned = by_search(status.where(status != UNPLANNED, PENDING))
    ended = by_search(settled(status)).any(axis=2)
    return np.where(ended, at_search(status, place), planned.max(axis=2))


def _found_by(group: xr.Dataset, place: Array) -> dict[str, Array]:
    """Return the name and the repeat of the best search; none where no search has ended."""
    ended, repeats = by_search(settled(group.status)).any(axis=2), group.sizes["repeat"]
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
