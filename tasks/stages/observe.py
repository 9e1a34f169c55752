"""The observation of one epoch: the test images are shown to every neuron."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn import selectivity
from spikeatlas.snn.selectivity import StreamedTuning
from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.snn.training import DesireShares, desire_shares
from spikeatlas.tasks.atlas import OBSERVED, TOP_IMAGES, path_of, read, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

_NUMBERS = 8
"""Numbers of four bytes that one response takes while it is looked at: in float64, in order, sorted."""


def observe(run: Run, epoch: float) -> None:
    """Store each probed neuron's class tuning, its best test images and, where there are any, the wishes of it.

    The images stream through: of their responses no more is in memory at a time than ``responder.memory`` holds.
    """
    test = models.dataset(run.data).test
    respond = models.responder(run, epoch, "observe", run.layers)
    rows = read.natural_images(run.atlas)
    tunings = _tunings(run, rows)
    for part in image_slices(run, len(test)):
        for layer, responses in respond(test.images[part]).items():
            tunings[layer].add(responses)
    arrays: dict[str, NDArray[Any]] = {}
    for layer, tuning in tunings.items():
        variables = natural_variables(tuning)
        arrays |= {path_of(name, layer): values for name, values in variables.items()}
        if len(rows):
            arrays[path_of("natural_image_response", layer)] = tuning.singles
    for layer, reference in _references(run, epoch).items():
        arrays[path_of("reference", layer)] = reference
    arrays |= wishes(run, epoch)
    active = [tuning.active for tuning in tunings.values()]
    arrays["selectivity/natural_active"] = np.concatenate(active).astype(np.int32)
    write.write_epoch(run.atlas, epoch, arrays, OBSERVED)


def _references(run: Run, epoch: float) -> dict[str, NDArray[np.float32]]:
    """Return what counts as 1, (neurons,) of each probed layer whose unit is relative."""
    relative = read.relative_layers(run.atlas)
    if not relative:
        return {}
    references = models.subject(run, epoch)[0].references()
    return {layer: references[layer][list(run.layers[layer])] for layer in relative}


def wishes(run: Run, epoch: float) -> dict[str, NDArray[np.float32]]:
    """Return ``/desire``, of every probed neuron; nothing where the network is not trained by desire."""
    method = run.study.desire
    if method is None:
        return {}
    source = models.plain_source(run)
    network = cast("ChainSubject", source.open(epoch)).network
    test = models.dataset(run.data).test
    shares = desire_shares(
        network,
        method.rule(network.time_steps),
        test.images,
        test.labels,
        key=models.coding_key(run, source.digest(epoch), "desire"),
        batch_size=run.responder.batch_size,
    )

    def table(values: Callable[[DesireShares], NDArray[np.float64]]) -> NDArray[np.float32]:
        parts = [values(shares[layer])[list(rows)] for layer, rows in run.layers.items()]
        return np.concatenate(parts).astype(np.float32)

    return {
        "desire/desire_more": table(lambda layer: layer.more),
        "desire/desire_less": table(lambda layer: layer.less),
        "desire/desire_vain": table(lambda layer: layer.vain),
    }


def image_slices(run: Run, images: int) -> Iterator[slice]:
    """Yield the images that are shown together: whole batches, as many as fit in memory with all their responses."""
    neurons = sum(map(len, run.layers.values()))
    size = run.responder.batch_size
    batches = run.responder.memory // (4 * _NUMBERS * neurons * size)
    step = size * max(1, batches)
    for start in range(0, images, step):
        yield slice(start, min(start + step, images))


def _tunings(run: Run, rows: NDArray[np.int64]) -> dict[str, StreamedTuning]:
    data = models.dataset(run.data)
    labels, half = data.test.labels, selectivity.halves(data.test.labels)
    return {
        layer: StreamedTuning(
            labels, half, len(data.classes), len(neurons), best=TOP_IMAGES, singles=rows
        )
        for layer, neurons in run.layers.items()
    }


def natural_variables(tuning: StreamedTuning) -> dict[str, NDArray[Any]]:
    """Return the ``natural_*`` variables of a layer."""
    images, responses = tuning.best
    spare = ((0, 0), (0, TOP_IMAGES - images.shape[1]))
    return {
        "natural_response": tuning.means().astype(np.float32),
        "natural_half_response": tuning.half_means().astype(np.float32),
        "natural_top": np.pad(images, spare, constant_values=-1).astype(np.int32),
        "natural_top_response": np.pad(responses, spare, constant_values=np.nan).astype(np.float32),
    }
