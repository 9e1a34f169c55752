"""The numbers of one layer's neurons in the page, as arrays.

E epochs, N neurons, C classes, M searches, R repeats. What is about a stimulus comes K times: of the best
search of all, and, where a neuron is searched in several ways, of the best search of each. NaN and -1: not known.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from spikeatlas.tasks.analysis.drift import BAND, drift
from spikeatlas.tasks.analysis.tables import KINDS
from spikeatlas.tasks.atlas import (
    SILENT,
    Tree,
    at_search,
    best_search,
    by_search,
    cold,
    layer_rows,
    mask,
    settled,
)
from spikeatlas.tasks.report.averages import Array, mean
from spikeatlas.tasks.report.explorer.columns import layer_measures
from spikeatlas.tasks.report.explorer.thumbnails import best_tiles
from spikeatlas.tasks.report.layers import LayerSummary, states
from spikeatlas.tasks.report.summary import Summary

ORDER = ("epoch", "neuron", "search", "repeat")


def choices(summary: Summary) -> tuple[str, ...]:
    """Return the K ways to choose a search: the best of all (empty), then the best of each kind."""
    methods = summary.layout.methods
    return ("", *methods) if len(methods) > 1 else ("",)


def choice_places(
    summary: Summary, layer: LayerSummary, group: xr.Dataset
) -> list[tuple[Array, Array]]:
    """Return of each choice the place (E, N) of its search among searches x repeats, and the state of that."""
    repeats = group.sizes["repeat"]
    places = [(layer.place, layer.status)]
    for number in range(len(choices(summary)) - 1):
        status = group.status.isel(search=[number])
        place = best_search(group.response.isel(search=[number]), status)
        places.append((number * repeats + place, states(status, place)))
    return places


def references(tree: Tree, layer: LayerSummary, summary: Summary) -> dict[str, Array]:
    """Return what counts as 1 in the responses of each neuron (E, N); nothing where that is the same for all."""
    path = f"reference/{layer.name}"
    if path not in tree or "reference" not in tree[path]:
        return {}
    values = tree[path].reference.transpose("epoch", "neuron").values
    return {"reference": mask(values, summary.flags["observed"])}


def core(
    tree: Tree, summary: Summary, layer: LayerSummary, group: xr.Dataset, tiles: Array
) -> dict[str, Array]:
    """Return all that the grid shows: states, responses, classes and measures; ``tiles`` (E, N) of the best searches.

    ``known_...``: what beats the best found by the search; ``least_...``: the least exciting images, if sought too.
    """
    best = layer.best_known
    searches_of = choice_places(summary, layer, group)
    places, status = (
        [place for place, _ in searches_of],
        np.stack([state for _, state in searches_of]),
    )
    ended = settled(group.status)
    measures = layer_measures(tree, layer.name, places)
    # a silent neuron has no image in which a class could be read
    read_in = {
        name: np.where(status == SILENT, -1, values)
        for name, values in measures.items()
        if name in ("mei_class", "mei_reference_class")
    }
    return {
        "status": status,
        "response": np.stack([at_search(group.response.where(ended), place) for place in places]),
        "place": np.stack(places),
        "tile": tiles,
        "known_source": best.source,
        "known_response": best.response,
        "known_epoch": best.epoch,
        "known_neuron": best.neuron,
        "known_image": best.image,
        **_least(layer),
        **measures,
        **read_in,
    }


def _least(layer: LayerSummary) -> dict[str, Array]:
    """Return state, response, place and tile (E, N) of the least exciting images, where they were sought beside the MEIs."""
    least = layer.least
    if least is None:
        return {}
    return {
        "least_status": least.status,
        "least_response": least.response,
        "least_place": least.place,
        "least_tile": best_tiles(least),
    }


def tuned_core(tree: Tree, layer: LayerSummary) -> dict[str, Array]:
    """Return the same of an atlas without searches: responses to the best test images (``best_test``), and measures."""
    return {
        "status": layer.status[None],
        "response": layer.response[None],
        "place": layer.place[None],
        "best_test": layer.top[..., 0],
        **layer_measures(tree, layer.name, [layer.place]),
    }


def tuning(layer: LayerSummary, summary: Summary, group: xr.Dataset) -> dict[str, Array]:
    """Return mean responses to each class (E, N, C), to each half of it (E, N, 2, C), and the best test images.

    ``blank`` (E, N, blanks): responses to images with nothing in them.
    """
    halves = group.natural_half_response.transpose("epoch", "neuron", "half", "category").values
    observed = summary.flags["observed"].reshape(-1, 1, 1, 1)
    return {
        "blank": group.blank_response.transpose("epoch", "neuron", "blank").values,
        "tuning": layer.tuning,
        "tuning_halves": np.where(observed, halves, np.nan),
        "top": layer.top,
        "top_response": layer.top_response,
    }


def cross(tree: Tree, group: xr.Dataset) -> dict[str, Array]:
    """Return responses (E, E, N) of the network of one epoch to the best cold stimulus of each other."""
    if "cross_response" not in group:
        return {}
    crossed = tree["cross"].crossed.values == 1
    place = best_search(group[cold(group, "response")], group.status)
    networks = [
        at_search(
            group.cross_response.isel(epoch=row, drop=True).rename(stimulus_epoch="epoch"), place
        )
        for row in range(group.sizes["epoch"])
    ]
    return {"cross": np.where(crossed[..., None], np.stack(networks), np.nan)}


def searches(group: xr.Dataset, tiles: Array) -> dict[str, Array]:
    """Return every search (E, N, M, R), and its curve, mean over repeats (E, N, M, counts).

    ``tiles`` (E, N, M x R): those of the searches that are not the best.
    """
    ended = settled(group.status)
    shape = tuple(group.sizes[dim] for dim in ORDER)
    curves = group.history.where(ended).transpose(*ORDER[:3], "images", "repeat").values
    arrays = {
        "all_status": by_search(group.status).reshape(shape),
        "all_response": by_search(group.response.where(ended)).reshape(shape),
        "all_tile": tiles.reshape(shape),
        "history": mean(curves, 1),
    }
    if "lane" in group:
        arrays["all_lane"] = by_search(group.lane).reshape(shape)
    return arrays


def drifts(tree: Tree, layer: str, group: xr.Dataset) -> dict[str, Array]:
    """Return the distances that the MEIs moved, and the repeats' band, (E, N) each: ``image_drift`` ...

    By kind and name; classes only where the study's classifier read one.
    """
    rows = layer_rows(tree["meis"], layer)
    read_as = rows.get("mei_reference_class")
    judged = read_as is not None and bool((read_as >= 0).any())
    if read_as is not None:
        group = group.assign(mei_reference_class=(read_as.dims, read_as.values))
    kinds = [kind for kind in KINDS if kind != "class" or judged]
    of_kind = {kind: drift(group, kind) for kind in kinds}
    return {f"{kind}_{name}": of_kind[kind][name].values for kind in kinds for name in BAND}
