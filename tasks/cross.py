"""The unit of work that shows the network of one epoch what its neurons wanted to see at every other."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from tasks import loading
from tasks.atlas import read, settled, unfinished, write
from tasks.atlas.schema import SILENT
from tasks.job import Job
from tasks.stopping import check_stop

SEARCH = ("neuron", "method", "repeat")


def cross(job: Job, epoch: float) -> None:
    """Store ``cross_response`` of the network of ``epoch`` to the MEIs of each epoch not shown to it yet."""
    loading.one_thread()
    tree = read.open_tree(job.atlas)
    layers = {
        layer: tree[f"layers/{layer}"].to_dataset().drop_dims("stimulus_epoch")
        for layer in job.layers
    }
    for other in to_show(job, epoch):
        check_stop()
        found = {
            layer: respond_to_meis(job, epoch, layer, searched.sel(epoch=other))
            for layer, searched in layers.items()
        }
        write.write_cross(job.atlas, epoch, other, found)


def to_show(job: Job, epoch: float) -> list[float]:
    """The epochs whose searches are done and whose MEIs the network of ``epoch`` has not seen."""
    return [
        other
        for other in job.epochs
        if not read.crossed(job.atlas, epoch, other)
        and not unfinished(job.atlas, job.blocks(other))
    ]


def respond_to_meis(job: Job, epoch: float, layer: str, found: xr.Dataset) -> NDArray[np.float32]:
    """Responses (neurons, methods, repeats) of the network of ``epoch`` to each neuron's own MEI.

    NaN where there is none: a silent neuron's search ended with any image.
    """
    images = found[read.cold(found, "mei")].transpose(*SEARCH, ...)
    status = found.status.transpose(*SEARCH)
    held = np.nonzero((settled(status) & (status != SILENT)).values)
    responses = np.full(status.shape, np.nan, np.float32)
    if held[0].size:
        answers = loading.responder(job, epoch, "report", {layer: job.layers[layer]})(
            images.values[held]
        )
        responses[held] = answers[layer][np.arange(len(held[0])), held[0]]
    return responses
