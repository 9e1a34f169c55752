"""The unit of work that turns one epoch's responses into measures of selectivity and the neurons' table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.snn import selectivity
from spikeatlas.tasks.analysis import naturalness
from spikeatlas.tasks.analysis.decoding import network_outputs, read_images
from spikeatlas.tasks.atlas import NATURAL_COLUMNS, SILENT, cold, holds, read, settled, write
from spikeatlas.tasks.study.run import Run, seed_of
from spikeatlas.tasks.workers import models

Arrays = dict[str, NDArray[Any]]
PICKED = ("mei_class", "natural_ratio", "random_ratio", *NATURAL_COLUMNS)
"""Columns of ``/neurons`` that are the best search's."""

DRAWS = 200
"""Bootstrap samples of the images, and shuffles of their labels."""


def analyze(run: Run, epoch: float) -> None:
    """Store ``/selectivity``, ``/naturalness`` and ``/neurons`` of an epoch whose searches are all done."""
    models.one_thread()
    tree = read.open_tree(run.atlas).sel(epoch=epoch)
    layers = {layer: tree[f"layers/{layer}"].to_dataset() for layer in run.layers}
    parts = [measure(run, epoch, layer, found, tree) for layer, found in layers.items()]
    measures = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    searches = xr.concat([found[["response", "status"]] for found in layers.values()], dim="neuron")
    arrays = {f"selectivity/{name}": values for name, values in measures.items()}
    natural = naturalness_of(run, layers)
    arrays |= {f"naturalness/{name}": values for name, values in natural.items()}
    arrays |= populations(tree, run.layers)
    arrays |= {
        f"neurons/{name}": values
        for name, values in best_rows(searches, measures | natural, run.search.sign).items()
    }
    write.write_epoch(run.atlas, epoch, arrays, "analysed")


def naturalness_of(run: Run, layers: dict[str, xr.Dataset]) -> Arrays:
    """The variables of ``/naturalness`` (neurons, methods, repeats), undefined where a silent neuron has no MEI."""
    if not holds(run.atlas, "naturalness"):
        return {}
    order = ("neuron", "method", "repeat")
    found = xr.concat([each[["mei", "latent", "status"]] for each in layers.values()], dim="neuron")
    found = found.transpose(*order, ...)
    shape = found.status.shape
    points, images = (
        each.values.reshape(-1, *each.shape[len(order) :]) for each in (found.latent, found.mei)
    )
    measured = naturalness.measure(run, points, images)
    alive = (settled(found.status) & (found.status != SILENT)).values.reshape(-1)
    return {
        name: np.where(
            alive, values, np.array(np.nan if values.dtype.kind == "f" else -1, values.dtype)
        ).reshape(shape)
        for name, values in measured.items()
    }


def populations(tree: xr.DataTree, layers: Iterable[str]) -> Arrays:
    """The variables of ``/population`` (layers), where the responses to single images are kept."""
    if "natural" not in tree.children:
        return {}
    natural = tree["natural"].to_dataset()
    classes = tree.sizes["class"]
    found = [
        selectivity.population(natural[f"response_{layer}"].values, natural.label.values, classes)
        for layer in layers
    ]
    kinds = {str(name): held.dtype for name, held in tree["population"].data_vars.items()}
    return {
        f"population/{name}": np.array([each[name] for each in found], kind)
        for name, kind in kinds.items()
    }


def measure(run: Run, epoch: float, layer: str, found: xr.Dataset, tree: xr.DataTree) -> Arrays:
    """The measures of one layer's neurons: arrays (neurons) and (neurons, methods, repeats)."""
    natural = tree["natural"].to_dataset() if "natural" in tree.children else None
    measures = on_searches(run, epoch, layer, found, tree["screening"].to_dataset())
    if natural is None:
        return measures | on_halves(found)
    rng = np.random.default_rng(seed_of(run.seed, "analyze", epoch, layer))
    return (
        measures | on_images(natural, layer, tree.sizes["class"], rng) | on_meis(run, epoch, found)
    )


def on_halves(found: xr.Dataset) -> Arrays:
    """What the class means of an atlas that keeps no single responses tell."""
    index, preferred = selectivity.class_selectivity_index(
        found.natural_half_response.values, found.natural_active.values
    )
    return {
        "class_selectivity_index": index.astype(np.float32),
        "preferred_class": preferred.astype(np.int16),
    }


def on_images(natural: xr.Dataset, layer: str, classes: int, rng: np.random.Generator) -> Arrays:
    """Selectivity for natural images, with its controls: arrays (neurons)."""
    found = selectivity.measure(
        natural[f"response_{layer}"].values, natural.label.values, natural["first"].values == 1,
        classes, draws=DRAWS, rng=rng,
    )  # fmt: skip
    found["selective_q"] = selectivity.q_values(found["selective_p"])
    return {
        name: values.astype(np.int16 if name == "preferred_class" else np.float32)
        for name, values in found.items()
    }


def on_meis(run: Run, epoch: float, found: xr.Dataset) -> Arrays:
    """What is read in the MEIs of the cold lane: arrays (neurons, methods, repeats)."""
    order = ("neuron", "method", "repeat")
    status = found.status.transpose(*order)
    alive = (settled(status) & (status != SILENT)).values
    images = found[cold(found, "mei")].transpose(*order, ...).values
    measured = read_images(run, epoch, images.reshape(-1, *images.shape[3:]), alive.ravel())
    return {name: values.reshape(alive.shape) for name, values in measured.items()}


def on_searches(
    run: Run, epoch: float, layer: str, found: xr.Dataset, screening: xr.Dataset
) -> Arrays:
    """What the MEIs do, against natural images and random ones: arrays (neurons, methods, repeats)."""
    random = (
        screening[f"response_{layer}"].groupby("repeat").max().rename({f"neuron_{layer}": "neuron"})
    )
    natural = found.natural_top_response.isel(rank=0)
    order = ("neuron", "method", "repeat")
    status = found.status.transpose(*order)
    return {
        # what a silent neuron's search ended with is no MEI, so no class is read in it
        "mei_class": np.where(
            (settled(status) & (status != SILENT)).values,
            read_classes(run, epoch, found.mei.transpose(*order, ...).values),
            np.int16(-1),
        ),
        "natural_ratio": ratio(found.response, natural).transpose(*order).values,
        "random_ratio": ratio(found.response, random).transpose(*order).values,
    }


def read_classes(run: Run, epoch: float, images: NDArray[np.uint8]) -> NDArray[np.int16]:
    """The class that the epoch's network reads in each of images (..., c, h, w)."""
    rates = network_outputs(run, epoch, images.reshape(-1, *images.shape[-3:]))
    read: NDArray[np.int16] = selectivity.class_read(rates).astype(np.int16)
    return read.reshape(images.shape[:-3])


def ratio(response: xr.DataArray, reference: xr.DataArray) -> xr.DataArray:
    """MEI response over a reference response; undefined (NaN) where the reference is silent."""
    return (response / reference.where(reference > 0)).astype(np.float32)


def best_rows(searches: xr.Dataset, measures: Arrays, sign: int) -> Arrays:
    """One row a neuron: its best search over methods and repeats (the first among equals).

    The best: with the highest response times ``sign``.
    """
    methods = searches.method.values.astype(object)
    stacked = searches.transpose("neuron", "method", "repeat")
    response = stacked.response.values.reshape(len(stacked.neuron), -1)
    best = np.where(np.isnan(response), -np.inf, sign * response).argmax(axis=1)
    rows = np.arange(len(best))

    def pick(values: NDArray[Any]) -> NDArray[Any]:
        chosen: NDArray[Any] = values.reshape(len(best), -1)[rows, best]
        return chosen

    repeats = stacked.sizes["repeat"]
    return {
        "response": pick(response),
        "method": methods[best // repeats],
        "repeat": (best % repeats).astype(np.int16),
        "status": pick(stacked.status.values),
        **{name: pick(measures[name]) for name in PICKED if name in measures},
        **{name: measures[name] for name in ("class_selectivity_index", "preferred_class")},
    }
