"""The unit of work that shows the network of one epoch what its neurons wanted to see at every other."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import SILENT, cold, read, settled, unfinished, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import check_stop

SEARCH = ("neuron", "method", "repeat")


def cross(run: Run, epoch: float) -> None:
    """Store ``cross_response`` of the network of ``epoch`` to the MEIs of each epoch not shown to it yet."""
    models.one_thread()
    tree = read.open_tree(run.atlas)
    layers = {
        layer: tree[f"layers/{layer}"].to_dataset().drop_dims("stimulus_epoch")
        for layer in run.layers
    }
    for other in to_show(run, epoch):
        check_stop()
        found = {
            layer: respond_to_meis(run, epoch, layer, searched.sel(epoch=other))
            for layer, searched in layers.items()
        }
        write.write_cross(run.atlas, epoch, other, found)


def to_show(run: Run, epoch: float) -> list[float]:
    """The epochs whose searches are done and whose MEIs the network of ``epoch`` has not seen."""
    return [
        other
        for other in run.epochs
        if not read.crossed(run.atlas, epoch, other)
        and not unfinished(run.atlas, run.blocks(other))
    ]


def respond_to_meis(run: Run, epoch: float, layer: str, found: xr.Dataset) -> NDArray[np.float32]:
    """Responses (neurons, methods, repeats) of the network of ``epoch`` to each neuron's own MEI.

    NaN where there is none: a silent neuron's search ended with any image.
    """
    images = found[cold(found, "mei")].transpose(*SEARCH, ...)
    status = found.status.transpose(*SEARCH)
    held = np.nonzero((settled(status) & (status != SILENT)).values)
    responses = np.full(status.shape, np.nan, np.float32)
    if held[0].size:
        answers = models.responder(run, epoch, "report", {layer: run.layers[layer]})(
            images.values[held]
        )
        responses[held] = answers[layer][np.arange(len(held[0])), held[0]]
    return responses
