"""What the report shows, read from an atlas once: plain arrays, best over methods and repeats.

Only what is committed counts: searches by their ``status``, per-epoch stages by the root's flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import (
    FLAGS,
    NATURAL_COLUMNS,
    PENDING,
    SILENT,
    UNPLANNED,
    UNSETTLED,
    Layout,
    layout_of,
    open_store,
    open_tree,
    read,
    settled,
    study_of,
)
from spikeatlas.tasks.study.location import Place

Array = NDArray[Any]
SEARCH = ("epoch", "neuron", "method", "repeat")
MEASURES = (
    "class_selectivity_index",
    "preferred_class",
    "mei_class",
    "natural_ratio",
    "random_ratio",
)
PROGRESS = ("accuracy", "loss", "step", "images_seen")


@dataclass(frozen=True, eq=False)
class Diverse:
    """Diverse stimuli of a layer's N neurons at one epoch, each neuron's of its best search."""

    row: int
    """Row of the epoch."""
    images: Array
    """(N, R, channels, height, width) uint8; the first ``counts`` ranks of each neuron hold one."""
    responses: Array
    """(N, R)."""
    counts: Array
    """(N,)."""


@dataclass(frozen=True, eq=False)
class Layer:
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
    def found(self) -> Array:
        """(E, N) whether any search of the neuron has ended."""
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
    """(E,) whether each stage is committed."""
    layers: tuple[Layer, ...]

    @property
    def epochs(self) -> Array:
        """(E,) probed epochs, ascending."""
        return np.array(self.layout.epochs)

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


def _named(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in attributes.items()}


def _last(rows: Array) -> int | None:
    return int(rows.max()) if rows.size else None


def read_summary(atlas: Place) -> Summary:
    """Read all that the report shows.

    Raises FileNotFoundError when there is no atlas, AtlasError when it is damaged or newer than we are.
    """
    store = open_store(atlas)
    layout = layout_of(store)
    with open_tree(atlas) as tree:
        root = tree.to_dataset()
        flags = {name: root[name].values == 1 for name in FLAGS}
        return Summary(
            name=atlas.name,
            layout=layout,
            sign=read.sign(atlas),
            study=study_of(store),
            attributes=_named(tree.attrs),
            provenance=_named(tree["provenance"].attrs),
            progress={name: root[name].values for name in PROGRESS},
            flags=flags,
            layers=tuple(
                _read_layer(tree, name, layout, read.sign(atlas), flags) for name in layout.layers
            ),
        )


def _read_layer(
    tree: xr.DataTree, name: str, layout: Layout, sign: int, flags: Mapping[str, Array]
) -> Layer:
    group = tree[f"layers/{name}"].to_dataset()
    ended = settled(group.status)
    place = best_place(group.response, ended, sign)
    best = _best(group, ended, place)
    return Layer(
        name=name,
        neurons=layout.layers[name],
        **best,
        place=place,
        diverse=_diverse(group, place) if layout.diverse else None,
        measures=_measures(tree["neurons"].to_dataset(), name, flags["analysed"], best["status"]),
        tuning=_known(flags["observed"], group.natural_response.values),
        top=_known(flags["observed"], group.natural_top.values),
        top_response=_known(flags["observed"], group.natural_top_response.values),
        history=mean(group.history.where(ended).transpose("epoch", "method", "query", "neuron", "repeat").values, 2),
        queries=group["query"].values,
        screened=_known(flags["screened"], _best_screened(tree["screening"].to_dataset(), name)),
    )  # fmt: skip


def _measures(table: xr.Dataset, layer: str, analysed: Array, status: Array) -> dict[str, Array]:
    rows = table.isel(neuron=np.flatnonzero(table.layer.values == layer))
    named = [*MEASURES, *(name for name in NATURAL_COLUMNS if name in rows)]
    measures = {name: _known(analysed, rows[name].values) for name in named}
    # a silent neuron's image is whatever came first: what is read in it says nothing about the neuron
    measures["mei_class"] = np.where(status == SILENT, -1, measures["mei_class"])
    return measures


def _known(flag: Array, values: Array) -> Array:
    """The epochs whose stage is committed, the others NaN or -1."""
    missing = np.nan if values.dtype.kind == "f" else -1
    return np.where(flag.reshape(-1, *(1,) * (values.ndim - 1)), values, missing)


def best_place(response: xr.DataArray, ended: xr.DataArray, sign: int) -> Array:
    """(E, N) place of the best search among methods x repeats: the first among equals, as in ``/neurons``."""
    flat = by_search((sign * response).where(ended, -np.inf))
    best: Array = np.where(np.isnan(flat), -np.inf, flat).argmax(axis=2)
    return best


def by_search(values: xr.DataArray) -> Array:
    """(E, N, methods x repeats)."""
    epochs, neurons = values.sizes["epoch"], values.sizes["neuron"]
    flat: Array = values.transpose(*SEARCH).values.reshape(epochs, neurons, -1)
    return flat


def pick(values: xr.DataArray, place: Array) -> Array:
    """(E, N) the values of the searches at ``place``."""
    return np.take_along_axis(by_search(values), place[..., None], axis=2)[..., 0]


def states(status: xr.DataArray, place: Array) -> Array:
    """(E, N) state of the search at ``place``; pending or failed where none has ended."""
    found = by_search(settled(status)).any(axis=2)
    planned = by_search(status.where(status != UNPLANNED, PENDING))
    return np.where(found, pick(status, place), planned.max(axis=2))


def _best(group: xr.Dataset, ended: xr.DataArray, best: Array) -> dict[str, Array]:
    """The best search of each epoch and neuron."""
    found = by_search(ended).any(axis=2)
    repeats = group.sizes["repeat"]
    return {
        "status": states(group.status, best),
        "response": pick(group.response.where(ended), best),
        "method": np.where(found, group["method"].values.astype(object)[best // repeats], ""),
        "repeat": np.where(found, best % repeats, -1),
        "mei": _best_images(group.mei, best),
    }


def _best_images(mei: xr.DataArray, best: Array) -> Array:
    """Epoch by epoch: all searches' images of a large atlas would not fit into memory at once."""
    epochs, neurons = best.shape
    size = (mei.sizes["channel"], mei.sizes["y"], mei.sizes["x"])
    chosen = np.empty((epochs, neurons, *size), np.uint8)
    for row in range(epochs):
        images = mei.isel(epoch=row).transpose(*SEARCH[1:], "channel", "y", "x").values
        chosen[row] = images.reshape(neurons, -1, *size)[np.arange(neurons), best[row]]
    return chosen


def _diverse(group: xr.Dataset, best: Array) -> Diverse | None:
    """The diverse stimuli of the best searches at the last epoch where any search has ended."""
    row = _last(np.flatnonzero(by_search(settled(group.status)).any(axis=(1, 2))))
    return None if row is None else diverse_at(group, best, row)


def diverse_at(group: xr.Dataset, best: Array, row: int) -> Diverse:
    """The diverse stimuli of the searches at the places ``best`` (E, N), at one epoch."""
    at = group[["diverse", "diverse_response", "diverse_count"]].isel(epoch=row)
    rows = np.arange(best.shape[1])

    def chosen(name: str) -> Array:
        values = at[name].transpose(*SEARCH[1:], ...).values
        found: Array = values.reshape(len(rows), -1, *values.shape[3:])[rows, best[row]]
        return found

    return Diverse(row, chosen("diverse"), chosen("diverse_response"), chosen("diverse_count"))


def _best_screened(screening: xr.Dataset, layer: str) -> Array:
    responses = screening[f"response_{layer}"].values
    repeats = screening["repeat"].values
    best = [responses[:, repeats == repeat].max(axis=1) for repeat in np.unique(repeats)]
    return mean(np.stack(best, axis=1), 2)


def mean(values: Array, axes: int) -> Array:
    """Mean over the last ``axes`` axes of what is not NaN; NaN where nothing is."""
    flat = values.reshape(*values.shape[: values.ndim - axes], -1).astype(np.float64)
    known = ~np.isnan(flat)
    count: Array = known.sum(axis=-1)
    total: Array = np.where(known, flat, 0).sum(axis=-1)
    result: Array = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return result


def quartiles(values: Array) -> Array:
    """Lower quartile, median and upper quartile (3, E) of the finite ones among values (E, N)."""
    rows = [row[np.isfinite(row)] for row in values]
    return np.array(
        [np.quantile(row, (0.25, 0.5, 0.75)) if row.size else (np.nan,) * 3 for row in rows]
    ).T
