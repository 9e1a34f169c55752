"""The analysis of one epoch: its responses become measures of selectivity, and the table of neurons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.snn import selectivity
from spikeatlas.tasks.analysis import naturalness
from spikeatlas.tasks.analysis.decoding import network_scores, read_images
from spikeatlas.tasks.atlas import (
    ANALYSED,
    NATURAL_COLUMNS,
    SEARCH,
    Tree,
    alive,
    best_rows,
    cold,
    has_mei,
    holds,
    layer_rows,
    layout_of,
    mask,
    open_tree,
    write,
)
from spikeatlas.tasks.stages.showing_lengths import at_lengths
from spikeatlas.tasks.stages.unit_selectivity import at_position, battery
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run

Arrays = dict[str, NDArray[Any]]
OF_BEST = ("mei_class", "natural_ratio", "random_ratio", *NATURAL_COLUMNS)
"""Columns of ``/neurons`` that are measures of the best search's MEI,"""
OF_TABLE = ("response", "best_search", "best_repeat", "status")
"""the best search itself,"""
OF_NEURON = ("class_selectivity_index", "preferred_class")
"""and the neuron's."""

KINDS = ("layers", "image", "latent", "natural_half", "natural_top", "screening")
"""What is read of each layer."""


def analyze(run: Run, epoch: float) -> None:
    """Store the measures of an epoch whose searches are all done, and each neuron's best image."""
    if not run.search.methods:
        write.write_epoch(run.atlas, epoch, tuning_measures(run, epoch), ANALYSED)
        return
    with open_tree(run.atlas) as tree:
        layers = {layer: tree.layer(layer, *KINDS).sel(epoch=epoch) for layer in run.layers}
        parts = [measure(run, epoch, layer, data, tree) for layer, data in layers.items()]
        measures = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        natural = naturalness_of(run, layers)
        arrays = {f"{group_of(values)}/{name}": values for name, values in measures.items()}
        arrays |= {f"naturalness/{name}": values for name, values in natural.items()}
        arrays |= populations(tree, epoch, run.layers) | at_position(run, epoch)
        rows = {layer: best_rows(data) for layer, data in layers.items()}
        arrays |= at_lengths(run, epoch, tree, rows)
    for layer, row in rows.items():
        arrays |= {
            f"best/{layer}/{name}": values for name, values in row.items() if name != "place"
        }
    arrays |= {
        f"neurons/{n}": values for n, values in table(rows.values(), measures | natural).items()
    }
    write.write_epoch(run.atlas, epoch, arrays, ANALYSED)


def tuning_measures(run: Run, epoch: float) -> Arrays:
    """Return the measures of an epoch in which nothing is searched: those on test images."""
    with open_tree(run.atlas) as tree:
        parts = [measure_images(run, epoch, layer, tree) for layer in run.layers]
        arrays = populations(tree, epoch, run.layers) | at_position(run, epoch)
        arrays |= at_lengths(run, epoch, tree)
    return arrays | {
        f"selectivity/{name}": np.concatenate([part[name] for part in parts]) for name in parts[0]
    }


def group_of(values: NDArray[Any]) -> str:
    """Return the group of a measure: of neurons (neurons,), or of each MEI (neurons, searches, repeats)."""
    return "selectivity" if values.ndim == 1 else "meis"


def naturalness_of(run: Run, layers: dict[str, xr.Dataset]) -> Arrays:
    """Return the variables of ``/naturalness`` (neurons, searches, repeats), undefined where there is no MEI."""
    if not holds(run.atlas, "naturalness"):
        return {}
    names = ["mei", "latent", "status"]
    searches = xr.concat(
        [data[names] for data in layers.values()], dim="neuron", coords="minimal", compat="override"
    )
    searches = searches.transpose(*SEARCH, ...)
    points, images = (
        array.values.reshape(-1, *array.shape[len(SEARCH) :])
        for array in (searches.latent, searches.mei)
    )
    measures = naturalness.measure(run, points, images)
    valid = alive(searches.status).values
    return {name: mask(values.reshape(valid.shape), valid) for name, values in measures.items()}


def populations(tree: Tree, epoch: float, layers: Iterable[str]) -> Arrays:
    """Return the variables of ``/progress/layers`` (layers), where the responses to single images are kept."""
    if "progress/layers" not in tree:
        return {}
    single = [tree[f"natural_image/{layer}"].sel(epoch=epoch) for layer in layers]
    layout = layout_of(tree.root)
    measures = [
        selectivity.population(
            natural.natural_image_response.values,
            natural.label.values,
            _classes(tree, layer),
            signed=layout.unit(layer).signed,
        )
        for layer, natural in zip(layers, single, strict=True)
    ]
    dtypes = {str(name): array.dtype for name, array in tree["progress/layers"].data_vars.items()}
    return {
        f"progress/layers/{name}": np.array([values[name] for values in measures], dtype)
        for name, dtype in dtypes.items()
    }


def _classes(tree: Tree, layer: str) -> int:
    return int(tree[f"natural/{layer}"].sizes["category"])


def measure(run: Run, epoch: float, layer: str, searches: xr.Dataset, tree: Tree) -> Arrays:
    """Measure one layer's neurons: arrays (neurons) and (neurons, searches, repeats)."""
    measures = on_searches(run, epoch, searches)
    if f"natural_image/{layer}" not in tree:
        return measures | on_halves(searches, active_images(tree, layer, epoch))
    return measures | measure_images(run, epoch, layer, tree) | on_meis(run, epoch, searches)


def measure_images(run: Run, epoch: float, layer: str, tree: Tree) -> Arrays:
    """Measure one layer's neurons by the responses to single test images: arrays (neurons)."""
    natural = tree[f"natural_image/{layer}"].sel(epoch=epoch)
    rng = np.random.default_rng(seed_of(run.seed, "analyze", epoch, layer))
    further, signed = run.analysis.further_measures, layout_of(tree.root).unit(layer).signed
    return on_images(natural, _classes(tree, layer), rng, further, signed=signed)


def active_images(tree: Tree, layer: str, epoch: float) -> NDArray[np.int64]:
    """Return how many test images (neurons,) each neuron of a layer answers."""
    rows = layer_rows(tree["selectivity"].sel(epoch=epoch), layer)
    active: NDArray[np.int64] = rows.natural_active.values.astype(np.int64)
    return active


def on_halves(searches: xr.Dataset, active: NDArray[np.int64]) -> Arrays:
    """Return the selectivity that class means tell, of an atlas that keeps no single responses."""
    index, preferred = selectivity.class_selectivity_index(
        searches.natural_half_response.transpose("neuron", "half", "category").values,
        active.astype(np.int64),
    )
    return {
        "class_selectivity_index": index.astype(np.float32),
        "preferred_class": preferred.astype(np.int16),
    }


def on_images(
    natural: xr.Dataset,
    classes: int,
    rng: np.random.Generator,
    further: tuple[selectivity.Measure, ...] = (),
    *,
    signed: bool = False,
) -> Arrays:
    """Return the selectivity for natural images, with its controls: arrays (neurons).

    ``further``: measures beside the built-in ones, after which they draw; ``signed``: responses may be below 0.
    """
    return battery(
        natural.natural_image_response.values,
        natural.label.values,
        natural["first"].values == 1,
        classes,
        rng,
        further,
        signed=signed,
    )


def on_meis(run: Run, epoch: float, searches: xr.Dataset) -> Arrays:
    """Return the classes read in the MEIs of the cold searches: arrays (neurons, searches, repeats)."""
    there = has_mei(searches).transpose(*SEARCH).values
    images = searches[cold(searches, "mei")].transpose(*SEARCH, ...).values
    measures = read_images(run, epoch, images.reshape(-1, *images.shape[3:]), there.ravel())
    return {name: values.reshape(there.shape) for name, values in measures.items()}


def on_searches(run: Run, epoch: float, searches: xr.Dataset) -> Arrays:
    """Compare the MEIs with natural images and random ones: arrays (neurons, searches, repeats).

    The ratios are of most exciting images: the least exciting ones are none of the best test image's kind.
    """
    random = searches.screening_response.groupby("stimulus_repeat").max()
    random = random.rename(stimulus_repeat="repeat")
    natural = searches.natural_top_response.isel(rank=0)
    classes = read_classes(run, epoch, searches.mei.transpose(*SEARCH, ...).values)
    signs = xr.DataArray([entry.sign for entry in run.search.entries], dims="search")
    exciting = searches.response.where(signs > 0)
    return {
        "mei_class": mask(classes, alive(searches.status.transpose(*SEARCH)).values),
        "natural_ratio": ratio(exciting, natural).transpose(*SEARCH).values,
        "random_ratio": ratio(exciting, random).transpose(*SEARCH).values,
    }


def read_classes(run: Run, epoch: float, images: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the class that the epoch's network reads in each of images (..., c, h, w); -1 if it reads none."""
    scores = network_scores(run, epoch, images.reshape(-1, *images.shape[-3:]))
    if scores is None:
        return np.full(images.shape[:-3], -1, np.int16)
    classes: NDArray[np.int16] = selectivity.class_read(scores).astype(np.int16)
    return classes.reshape(images.shape[:-3])


def ratio(response: xr.DataArray, reference: xr.DataArray) -> xr.DataArray:
    """Return MEI response over a reference response; undefined (NaN) where the reference is silent, or negative."""
    return (response / reference.where(reference > 0)).astype(np.float32)


def table(rows: Iterable[Arrays], measures: Arrays) -> Arrays:
    """Return the columns of ``/neurons``: the best search of each neuron of all layers, and its measures."""
    parts = list(rows)
    best = {name: np.concatenate([part[name] for part in parts]) for name in OF_TABLE}
    place = np.concatenate([part["place"] for part in parts])
    neurons = np.arange(len(place))
    of_best = {
        name: measures[name].reshape(len(place), -1)[neurons, place]
        for name in OF_BEST
        if name in measures
    }
    return {**best, **of_best, **{name: measures[name] for name in OF_NEURON}}
