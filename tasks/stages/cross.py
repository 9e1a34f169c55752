"""The cross-responses of one epoch: its network is shown the MEIs of every other epoch."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import SEARCH, alive, cold, read, unfinished, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import check_stop


def cross(run: Run, epoch: float) -> None:
    """Store ``cross_response`` of the network of ``epoch`` to the MEIs of each epoch not shown to it yet."""
    tree = read.open_tree(run.atlas)
    layers = {
        layer: tree[f"layers/{layer}"].to_dataset().drop_dims("stimulus_epoch")
        for layer in run.layers
    }
    for other in to_show(run, epoch):
        check_stop()
        responses = {
            layer: respond_to_meis(run, epoch, layer, searches.sel(epoch=other))
            for layer, searches in layers.items()
        }
        write.write_cross(run.atlas, epoch, other, responses)


def to_show(run: Run, epoch: float) -> list[float]:
    """Return the epochs whose searches are done and whose MEIs the network of ``epoch`` has not seen."""
    return [
        other
        for other in run.epochs
        if not read.crossed(run.atlas, epoch, other)
        and not unfinished(run.atlas, run.blocks(other))
    ]


def respond_to_meis(
    run: Run, epoch: float, layer: str, searches: xr.Dataset
) -> NDArray[np.float32]:
    """Return the responses (neurons, methods, repeats) of the network of ``epoch`` to each neuron's own MEI.

    NaN where there is none: a silent neuron's search ended with any image.
    """
    images = searches[cold(searches, "mei")].transpose(*SEARCH, ...)
    there = alive(searches.status.transpose(*SEARCH)).values
    responses = np.full(there.shape, np.nan, np.float32)
    rows = np.nonzero(there)
    neurons = rows[0]
    if neurons.size:
        respond = models.responder(run, epoch, "report", {layer: run.layers[layer]})
        answers = respond(images.values[rows])[layer]
        responses[rows] = answers[np.arange(len(neurons)), neurons]
    return responses
