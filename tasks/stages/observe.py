"""The observation of one epoch: the test images are shown to every neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn import selectivity
from spikeatlas.tasks.atlas import OBSERVED, TOP_IMAGES, path_of, read, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def observe(run: Run, epoch: float) -> None:
    """Store each probed neuron's class tuning and its best test images."""
    test = models.dataset(run.data).test
    classes = len(models.dataset(run.data).classes)
    respond = models.responder(run, epoch, "observe", run.layers)
    rows = read.natural_images(run.atlas)
    arrays: dict[str, NDArray[Any]] = {}
    answers = respond(test.images)
    for layer, responses in answers.items():
        variables = tuning(responses, test.labels, classes)
        arrays |= {path_of(name, layer): values for name, values in variables.items()}
        if len(rows):
            arrays[path_of("natural_image_response", layer)] = responses[rows]
    references = models.subject(run, epoch)[0].references()
    for layer in run.layers:
        if layer in references:
            arrays[path_of("reference", layer)] = references[layer][list(run.layers[layer])]
    active = [selectivity.active_images(answers[layer]) for layer in run.layers]
    arrays["selectivity/natural_active"] = np.concatenate(active).astype(np.int32)
    write.write_epoch(run.atlas, epoch, arrays, OBSERVED)


def tuning(
    responses: NDArray[np.float32], labels: NDArray[np.int64], classes: int
) -> dict[str, NDArray[Any]]:
    """Return the ``natural_*`` variables of a layer from its responses (images, neurons)."""
    half = selectivity.halves(labels)
    halves = [
        selectivity.class_means(responses[part], labels[part], classes) for part in (half, ~half)
    ]
    top = np.argsort(-responses, axis=0, kind="stable")[:TOP_IMAGES].T
    best = np.take_along_axis(responses.T, top, axis=1)
    spare = ((0, 0), (0, TOP_IMAGES - top.shape[1]))
    return {
        "natural_response": selectivity.class_means(responses, labels, classes).astype(np.float32),
        "natural_half_response": np.stack(halves, axis=1).astype(np.float32),
        "natural_top": np.pad(top, spare, constant_values=-1).astype(np.int32),
        "natural_top_response": np.pad(best, spare, constant_values=np.nan).astype(np.float32),
    }
