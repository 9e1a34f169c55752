"""The analysis of one epoch: its responses become measures of selectivity, and the table of neurons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.snn import selectivity
from spikeatlas.tasks.analysis import naturalness
from spikeatlas.tasks.analysis.decoding import network_outputs, read_images
from spikeatlas.tasks.atlas import (
    NATURAL_COLUMNS,
    SEARCH,
    alive,
    at_search,
    best_search,
    cold,
    holds,
    mask,
    read,
    write,
)
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run

Arrays = dict[str, NDArray[Any]]
OF_BEST = ("mei_class", "natural_ratio", "random_ratio", *NATURAL_COLUMNS)
"""Columns of ``/neurons`` that are the best search's."""

DRAWS = 200
"""Bootstrap samples of the images, and shuffles of their labels."""


def analyze(run: Run, epoch: float) -> None:
    """Store ``/selectivity``, ``/naturalness`` and ``/neurons`` of an epoch whose searches are all done."""
    tree = read.open_tree(run.atlas).sel(epoch=epoch)
    layers = {layer: tree[f"layers/{layer}"].to_dataset() for layer in run.layers}
    parts = [measure(run, epoch, layer, searches, tree) for layer, searches in layers.items()]
    measures = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    searches = xr.concat([data[["response", "status"]] for data in layers.values()], dim="neuron")
    arrays = {f"selectivity/{name}": values for name, values in measures.items()}
    natural = naturalness_of(run, layers)
    arrays |= {f"naturalness/{name}": values for name, values in natural.items()}
    arrays |= populations(tree, run.layers)
    table = best_rows(searches, measures | natural, run.search.sign)
    arrays |= {f"neurons/{name}": values for name, values in table.items()}
    write.write_epoch(run.atlas, epoch, arrays, "analysed")


def naturalness_of(run: Run, layers: dict[str, xr.Dataset]) -> Arrays:
    """Return the variables of ``/naturalness`` (neurons, methods, repeats), undefined where there is no MEI."""
    if not holds(run.atlas, "naturalness"):
        return {}
    names = ["mei", "latent", "status"]
    searches = xr.concat([data[names] for data in layers.values()], dim="neuron")
    searches = searches.transpose(*SEARCH, ...)
    points, images = (
        array.values.reshape(-1, *array.shape[len(SEARCH) :])
        for array in (searches.latent, searches.mei)
    )
    measures = naturalness.measure(run, points, images)
    valid = alive(searches.status).values
    return {name: mask(values.reshape(valid.shape), valid) for name, values in measures.items()}


def populations(tree: xr.DataTree, layers: Iterable[str]) -> Arrays:
    """Return the variables of ``/population`` (layers), where the responses to single images are kept."""
    if "natural" not in tree.children:
        return {}
    natural = tree["natural"].to_dataset()
    classes = tree.sizes["class"]
    measures = [
        selectivity.population(natural[f"response_{layer}"].values, natural.label.values, classes)
        for layer in layers
    ]
    dtypes = {str(name): array.dtype for name, array in tree["population"].data_vars.items()}
    return {
        f"population/{name}": np.array([values[name] for values in measures], dtype)
        for name, dtype in dtypes.items()
    }


def measure(run: Run, epoch: float, layer: str, searches: xr.Dataset, tree: xr.DataTree) -> Arrays:
    """Measure one layer's neurons: arrays (neurons) and (neurons, methods, repeats)."""
    measures = on_searches(run, epoch, layer, searches, tree["screening"].to_dataset())
    if "natural" not in tree.children:
        return measures | on_halves(searches)
    natural = tree["natural"].to_dataset()
    rng = np.random.default_rng(seed_of(run.seed, "analyze", epoch, layer))
    images = on_images(natural, layer, tree.sizes["class"], rng, run.analysis.further_measures)
    return measures | images | on_meis(run, epoch, searches)


def on_halves(searches: xr.Dataset) -> Arrays:
    """Return the selectivity that class means tell, of an atlas that keeps no single responses."""
    index, preferred = selectivity.class_selectivity_index(
        searches.natural_half_response.values, searches.natural_active.values
    )
    return {
        "class_selectivity_index": index.astype(np.float32),
        "preferred_class": preferred.astype(np.int16),
    }


def on_images(
    natural: xr.Dataset,
    layer: str,
    classes: int,
    rng: np.random.Generator,
    further: tuple[selectivity.Measure, ...] = (),
) -> Arrays:
    """Return the selectivity for natural images, with its controls: arrays (neurons).

    ``further``: measures beside the built-in ones, after which they draw.
    """
    measures = selectivity.measure(
        natural[f"response_{layer}"].values,
        natural.label.values,
        natural["first"].values == 1,
        classes,
        draws=DRAWS,
        rng=rng,
        measures=(*selectivity.BUILT_IN, *further),
    )
    measures["selective_q"] = selectivity.q_values(measures["selective_p"])
    return {
        name: values.astype(np.int16 if name == "preferred_class" else np.float32)
        for name, values in measures.items()
    }


def on_meis(run: Run, epoch: float, searches: xr.Dataset) -> Arrays:
    """Return the classes read in the MEIs of the cold searches: arrays (neurons, methods, repeats)."""
    there = alive(searches.status.transpose(*SEARCH)).values
    images = searches[cold(searches, "mei")].transpose(*SEARCH, ...).values
    measures = read_images(run, epoch, images.reshape(-1, *images.shape[3:]), there.ravel())
    return {name: values.reshape(there.shape) for name, values in measures.items()}


def on_searches(
    run: Run, epoch: float, layer: str, searches: xr.Dataset, screening: xr.Dataset
) -> Arrays:
    """Compare the MEIs with natural images and random ones: arrays (neurons, methods, repeats)."""
    random = (
        screening[f"response_{layer}"].groupby("repeat").max().rename({f"neuron_{layer}": "neuron"})
    )
    natural = searches.natural_top_response.isel(rank=0)
    classes = read_classes(run, epoch, searches.mei.transpose(*SEARCH, ...).values)
    return {
        "mei_class": mask(classes, alive(searches.status.transpose(*SEARCH)).values),
        "natural_ratio": ratio(searches.response, natural).transpose(*SEARCH).values,
        "random_ratio": ratio(searches.response, random).transpose(*SEARCH).values,
    }


def read_classes(run: Run, epoch: float, images: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the class that the epoch's network reads in each of images (..., c, h, w)."""
    rates = network_outputs(run, epoch, images.reshape(-1, *images.shape[-3:]))
    classes: NDArray[np.int16] = selectivity.class_read(rates).astype(np.int16)
    return classes.reshape(images.shape[:-3])


def ratio(response: xr.DataArray, reference: xr.DataArray) -> xr.DataArray:
    """Return MEI response over a reference response; undefined (NaN) where the reference is silent."""
    return (response / reference.where(reference > 0)).astype(np.float32)


def best_rows(searches: xr.Dataset, measures: Arrays, sign: int) -> Arrays:
    """Return one row a neuron: its best search over methods and repeats."""
    place = best_search(searches.response, searches.status, sign)
    methods, repeats = searches.method.values.astype(object), searches.sizes["repeat"]
    rows = np.arange(len(place))
    return {
        "response": at_search(searches.response, place),
        "method": methods[place // repeats],
        "repeat": (place % repeats).astype(np.int16),
        "status": at_search(searches.status, place),
        **{
            name: measures[name].reshape(len(place), -1)[rows, place]
            for name in OF_BEST
            if name in measures
        },
        **{name: measures[name] for name in ("class_selectivity_index", "preferred_class")},
    }
