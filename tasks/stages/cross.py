"""The cross-responses of one epoch: its network is shown the MEIs of every other epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import SEARCH, cold, has_mei, open_tree, read, unfinished, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import check_stop

Arrays = dict[str, NDArray[Any]]


def cross(run: Run, epoch: float) -> None:
    """Store what the network of ``epoch`` answers to the MEIs of each epoch not shown to it yet.

    ``cross_response``: each neuron's to its own; ``borrowed_*``: the best one to another's of its layer, which
    costs no further image.
    """
    with open_tree(run.atlas) as tree:
        layers = {layer: tree.layer(layer, "layers", "image") for layer in run.layers}
        for other in to_show(run, epoch):
            check_stop()
            answers = {
                layer: respond_to_meis(run, epoch, layer, searches.sel(epoch=other))
                for layer, searches in layers.items()
            }
            write.write_cross(run.atlas, epoch, other, answers)


def to_show(run: Run, epoch: float) -> list[float]:
    """Return the epochs whose searches are done and whose MEIs the network of ``epoch`` has not seen."""
    return [
        other
        for other in run.epochs
        if not read.crossed(run.atlas, epoch, other)
        and not unfinished(run.atlas, run.blocks(other))
    ]


def respond_to_meis(run: Run, epoch: float, layer: str, searches: xr.Dataset) -> Arrays:
    """Return the answers of the network of ``epoch`` to MEIs: own (neurons, searches, repeats), others' (neurons,).

    NaN where there is none: a silent neuron has no MEI.
    """
    images = searches[cold(searches, "mei")].transpose(*SEARCH, ...)
    there = has_mei(searches).transpose(*SEARCH).values
    rows = np.nonzero(there)
    neurons = rows[0]
    answers = np.empty((0, len(there)), np.float32)
    if neurons.size:
        respond = models.responder(run, epoch, "report", {layer: run.layers[layer]})
        answers = respond(images.values[rows])[layer]
    cross_response = np.full(there.shape, np.nan, np.float32)
    cross_response[rows] = answers[np.arange(len(neurons)), neurons]
    others = answers.copy()
    others[np.arange(len(neurons)), neurons] = np.nan
    return {
        "cross_response": cross_response,
        **best_borrowed(others, rows, searches, run.search.main_sign),
    }


def best_borrowed(
    answers: NDArray[np.float32],
    rows: tuple[NDArray[np.intp], ...],
    searches: xr.Dataset,
    sign: int,
) -> Arrays:
    """Return the ``borrowed_*`` variables (neurons,) from answers (images, neurons), NaN where not another's.

    ``rows``: neuron, search and repeat (images,) of each image. The first among equals.
    """
    count = answers.shape[1]
    nothing = np.isnan(answers).all(axis=0)
    score = np.where(np.isnan(answers), -np.inf, sign * answers)
    # a row to point at where there is no image at all
    best = np.concatenate([score, np.full((1, count), -np.inf)]).argmax(axis=0)
    neuron, search, repeat = (np.append(axis, 0)[best] for axis in rows)
    responses = np.concatenate([answers, np.full((1, count), np.nan, np.float32)])
    methods = searches["search"].values.astype(object)
    return {
        "borrowed_response": np.where(
            nothing, np.float32(np.nan), responses[best, np.arange(count)]
        ),
        "borrowed_neuron": np.where(nothing, -1, searches["neuron"].values[neuron]).astype(
            np.int32
        ),
        "borrowed_search": np.where(nothing, "", methods[search]),
        "borrowed_repeat": np.where(nothing, -1, repeat).astype(np.int16),
    }
