"""What the page knows of one layer's neurons, as arrays.

E epochs, N neurons, C classes, M methods, R repeats. What is about a stimulus comes K times: of the best
search of all, and, where there are several methods, of the best search of each. NaN and -1: not known.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from spikeatlas.tasks.analysis.drift import BAND, drift
from spikeatlas.tasks.analysis.tables import KINDS
from spikeatlas.tasks.atlas import SILENT, cold, settled
from spikeatlas.tasks.report.explorer.columns import layer_measures, layer_rows
from spikeatlas.tasks.report.summary import (
    Array,
    Layer,
    Summary,
    best_place,
    by_search,
    mean,
    pick,
    states,
)

ORDER = ("epoch", "neuron", "method", "repeat")


def choices(summary: Summary) -> tuple[str, ...]:
    """The K ways to choose a search: the best of all (empty), then the best of each method."""
    methods = summary.layout.methods
    return ("", *methods) if len(methods) > 1 else ("",)


def chosen(summary: Summary, layer: Layer, group: xr.Dataset) -> list[tuple[Array, Array]]:
    """For each choice the place (E, N) of its search among methods x repeats, and the state of that."""
    repeats = group.sizes["repeat"]
    found = [(layer.place, layer.status)]
    for at in range(len(choices(summary)) - 1):
        status = group.status.isel(method=[at])
        place = best_place(group.response.isel(method=[at]), settled(status), summary.sign)
        found.append((at * repeats + place, states(status, place)))
    return found


def core(
    tree: xr.DataTree, summary: Summary, layer: Layer, group: xr.Dataset, tiles: Array
) -> dict[str, Array]:
    """What the grid needs: states, responses, classes and every measure; ``tiles`` (E, N) of the best searches."""
    picks = chosen(summary, layer, group)
    places, status = [place for place, _ in picks], np.stack([state for _, state in picks])
    ended = settled(group.status)
    found = layer_measures(tree, layer.name, places)
    # a silent neuron's image is whatever came first: what is read in it says nothing about the neuron
    read_in = {
        name: np.where(status == SILENT, -1, values)
        for name, values in found.items()
        if name in ("mei_class", "mei_reference_class")
    }
    return {
        "status": status,
        "response": np.stack([pick(group.response.where(ended), place) for place in places]),
        "place": np.stack(places),
        "tile": tiles,
        **found,
        **read_in,
    }


def tuning(layer: Layer, summary: Summary, group: xr.Dataset) -> dict[str, Array]:
    """Mean responses to each class (E, N, C), to each half of it (E, N, 2, C), and the best test images."""
    halves = group.natural_half_response.transpose("epoch", "neuron", "half", "class").values
    observed = summary.flags["observed"].reshape(-1, 1, 1, 1)
    return {
        "tuning": layer.tuning,
        "tuning_halves": np.where(observed, halves, np.nan),
        "top": layer.top,
        "top_response": layer.top_response,
    }


def cross(tree: xr.DataTree, summary: Summary, group: xr.Dataset) -> dict[str, Array]:
    """Responses (E, E, N) of the network of one epoch to the best cold stimulus of each other."""
    if "cross_response" not in group:
        return {}
    shown = tree["cross"].to_dataset().crossed.values == 1
    place = best_place(group[cold(group, "response")], settled(group.status), summary.sign)
    networks = [
        pick(group.cross_response.isel(epoch=row, drop=True).rename(stimulus_epoch="epoch"), place)
        for row in range(group.sizes["epoch"])
    ]
    return {"cross": np.where(shown[..., None], np.stack(networks), np.nan)}


def searches(group: xr.Dataset, tiles: Array) -> dict[str, Array]:
    """Every search (E, N, M, R), its curve by method (E, N, M, queries); ``tiles`` of those that are not the best."""
    ended = settled(group.status)
    shape = tuple(group.sizes[dim] for dim in ORDER)
    curves = group.history.where(ended).transpose(*ORDER[:3], "query", "repeat").values
    found = {
        "all_status": by_search(group.status).reshape(shape),
        "all_response": by_search(group.response.where(ended)).reshape(shape),
        "all_tile": tiles.reshape(shape),
        "history": mean(curves, 1),
    }
    if "lane" in group:
        found["all_lane"] = by_search(group.lane).reshape(shape)
    return found


def moved(tree: xr.DataTree, layer: str, group: xr.Dataset) -> dict[str, Array]:
    """How far the MEIs moved, and the repeats' band, (E, N) each: ``image_drift`` ...

    By kind and name; classes only where the study's classifier read one.
    """
    rows = layer_rows(tree["selectivity"].to_dataset(), layer)
    read_as = rows.get("mei_reference_class")
    judged = read_as is not None and bool((read_as >= 0).any())
    if read_as is not None:
        group = group.assign(mei_reference_class=(read_as.dims, read_as.values))
    kinds = [kind for kind in KINDS if kind != "class" or judged]
    found = {kind: drift(group, kind) for kind in kinds}
    return {f"{kind}_{name}": found[kind][name].values for kind in kinds for name in BAND}
