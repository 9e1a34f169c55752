"""The best known image of each neuron: where one from elsewhere drives it more than what its search found."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import (
    KNOWN,
    SEARCH,
    Tree,
    at_search,
    best_search,
    cold,
    open_tree,
    settled,
    write,
)
from spikeatlas.tasks.stages.blank import blank_images
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

Array = NDArray[Any]


class Candidates(NamedTuple):
    """One image for each neuron of a layer, and how the network of the epoch answered it; (neurons,) each."""

    source: Array
    """One of ``SOURCES``."""
    response: Array
    """NaN: there is no such image."""
    epoch: Array
    """Epoch of an MEI; NaN: it is none."""
    neuron: Array
    """Whose MEI it is; -1: it is none."""
    image: Array
    """Index among the test, screening or blank images; -1: it is none of these."""
    place: Array
    """Place among searches x repeats of the search that found an MEI."""


def know(run: Run, epoch: float) -> None:
    """Store the best known response of every neuron at an analysed epoch, and where its image comes from.

    Of all that the epoch's network was shown; where a study looks for both signs, the most exciting one. A
    stochastic coding's is measured afresh, for the best of many noisy answers is too good to be true.
    """
    arrays: dict[str, Array] = {}
    with open_tree(run.atlas) as tree:
        parts = {layer: best_known(run, tree, layer, epoch) for layer in run.layers}
    for layer, part in parts.items():
        arrays |= {f"best/{layer}/{name}": values for name, values in part.items()}
    for name in ("best_known", "best_known_source"):
        arrays[f"neurons/{name}"] = np.concatenate([part[name] for part in parts.values()])
    write.write_epoch(run.atlas, epoch, arrays, KNOWN)


def best_known(run: Run, tree: Tree, layer: str, epoch: float) -> dict[str, Array]:
    """Return the ``best_known*`` variables (neurons,) of a layer."""
    sign = run.search.main_sign
    others = reduce(lambda one, two: _better(one, two, sign), elsewhere(tree, layer, epoch, sign))
    if run.stochastic:
        others = others._replace(response=measure_again(run, tree, layer, epoch, others))
    best = _better(found(tree, layer, epoch), others, sign)
    return {
        "best_known": best.response.astype(np.float32),
        "best_known_source": np.where(np.isnan(best.response), "", best.source).astype(object),
        "best_known_epoch": best.epoch.astype(np.float64),
        "best_known_neuron": best.neuron.astype(np.int32),
        "best_known_image": best.image.astype(np.int32),
    }


def _better(one: Candidates, two: Candidates, sign: int) -> Candidates:
    """Return the better of two images of each neuron; the first of equals."""
    better = sign * two.response > sign * one.response
    better |= np.isnan(one.response) & ~np.isnan(two.response)
    return Candidates(*(np.where(better, b, a) for a, b in zip(one, two, strict=True)))


def found(tree: Tree, layer: str, epoch: float) -> Candidates:
    """Return what the searches of this epoch found."""
    searches = tree.layer(layer, "layers").sel(epoch=epoch)
    place = best_search(searches.response, searches.status)
    response = at_search(searches.response.where(settled(searches.status)), place)
    neuron = searches["neuron"].values
    return _candidates("search", response, epoch=np.full(len(neuron), epoch), neuron=neuron)


def elsewhere(tree: Tree, layer: str, epoch: float, sign: int) -> Iterator[Candidates]:
    """Yield the best of each other kind of image that the epoch's network was shown."""
    if f"cross/{layer}" in tree:
        yield _of_other_epochs(tree[f"cross/{layer}"].sel(epoch=epoch), epoch, sign)
        yield _of_other_neurons(tree[f"borrowed/{layer}"].sel(epoch=epoch), tree, layer, sign)
    yield from _of_test_images(tree, layer, epoch, sign)
    for source, kind, dim in (("screening", "screening", "stimulus"), ("blank", "blank", "blank")):
        responses = tree[f"{kind}/{layer}"][f"{kind}_response"].sel(epoch=epoch)
        image, best = _best(responses.transpose("neuron", dim).values, sign)
        yield _candidates(source, best, image=image)


def _of_other_epochs(crosses: xr.Dataset, epoch: float, sign: int) -> Candidates:
    responses = crosses.cross_response.where(crosses.stimulus_epoch != epoch)
    values = responses.transpose("neuron", "stimulus_epoch", "search", "repeat").values
    searches = values.shape[2] * values.shape[3]
    at, best = _best(values.reshape(len(values), -1), sign)
    epochs = crosses.stimulus_epoch.values[at // searches]
    neurons = crosses["neuron"].values
    return _candidates("epoch", best, epoch=epochs, neuron=neurons, place=at % searches)


def _of_other_neurons(lent: xr.Dataset, tree: Tree, layer: str, sign: int) -> Candidates:
    at, best = _best(lent.borrowed_response.transpose("neuron", "stimulus_epoch").values, sign)
    rows = np.arange(len(at))
    whose, name, repeat = (
        lent[f"borrowed_{field}"].transpose("neuron", "stimulus_epoch").values[rows, at]
        for field in ("neuron", "search", "repeat")
    )
    searches = tree[f"layers/{layer}"]
    methods = searches["search"].values.tolist()
    row = np.array([methods.index(method) if method else 0 for method in name.tolist()])
    place = row * searches.sizes["repeat"] + np.maximum(repeat, 0)
    epochs = lent.stimulus_epoch.values[at]
    return _candidates("neuron", best, epoch=epochs, neuron=whose, place=place)


def _of_test_images(tree: Tree, layer: str, epoch: float, sign: int) -> Iterator[Candidates]:
    """Yield the best test image: of all; where the lowest response is sought, of those whose answers are kept."""
    if sign > 0:
        top = tree[f"natural_top/{layer}"].sel(epoch=epoch).isel(rank=0)
        yield _candidates(
            "test image", top.natural_top_response.values, image=top.natural_top.values
        )
    elif f"natural_image/{layer}" in tree:
        single = tree[f"natural_image/{layer}"].sel(epoch=epoch)
        values = single.natural_image_response.transpose("neuron", "image").values
        at, best = _best(values, sign)
        yield _candidates("test image", best, image=single["image"].values[at])


def _best(responses: Array, sign: int) -> tuple[Array, Array]:
    """Return where (neurons,) the best of responses (neurons, images) is, the first of equals, and that; NaN: none."""
    score = np.where(np.isnan(responses), -np.inf, sign * responses)
    at = score.argmax(axis=1)
    return at, responses[np.arange(len(at)), at]


def _candidates(source: str, response: Array, **fields: Array) -> Candidates:
    """Return candidates of one source; what is not among ``fields`` is none."""
    count, there = len(response), ~np.isnan(response)
    none = {
        "epoch": np.full(count, np.nan),
        "neuron": np.full(count, -1),
        "image": np.full(count, -1),
        "place": np.zeros(count, np.intp),
    }
    complete = {
        name: np.where(there, fields.get(name, empty), empty) for name, empty in none.items()
    }
    return Candidates(np.full(count, source, object), response, **complete)


def measure_again(run: Run, tree: Tree, layer: str, epoch: float, images: Candidates) -> Array:
    """Return the responses (neurons,) to the images in a new measurement, which no choice rests on."""
    there = np.flatnonzero(~np.isnan(images.response))
    response = np.full(len(images.response), np.nan, np.float32)
    if there.size:
        stimuli = np.stack([_pixels(run, tree, layer, epoch, images, int(row)) for row in there])
        respond = models.responder(run, epoch, "known", {layer: run.layers[layer]})
        response[there] = respond(stimuli)[layer][np.arange(len(there)), there]
    return response


def _pixels(
    run: Run, tree: Tree, layer: str, epoch: float, images: Candidates, row: int
) -> NDArray[np.uint8]:
    """Return the image (c, h, w) of one neuron."""
    source, at = images.source[row], int(images.image[row])
    if source == "test image":
        return np.asarray(models.dataset(run.data).test.images[at])
    if source == "blank":
        return np.asarray(blank_images(models.dataset(run.data).test.images)[at])
    if source == "screening":
        screening = tree["screening_image"].screening_image.sel(epoch=epoch)
        return np.asarray(screening.isel(stimulus=at).values)
    searches = tree.layer(layer, "layers", "image")
    mei = searches[cold(searches, "mei")].sel(epoch=images.epoch[row], neuron=images.neuron[row])
    search, repeat = divmod(int(images.place[row]), searches.sizes["repeat"])
    return np.asarray(mei.transpose(*SEARCH[1:], ...).values[search, repeat])
