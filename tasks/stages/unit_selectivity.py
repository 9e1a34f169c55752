"""Selectivity on single test images, of whole channels and of the one unit at a position of each map."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn import selectivity
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

Arrays = dict[str, NDArray[Any]]

DRAWS = 200
"""Bootstrap samples of the images, and shuffles of their labels."""

GROUP = "selectivity/position"


def battery(
    responses: NDArray[np.float32],
    labels: NDArray[np.int64],
    first: NDArray[np.bool_],
    classes: int,
    rng: np.random.Generator,
    further: tuple[selectivity.Measure, ...] = (),
    *,
    signed: bool = False,
) -> Arrays:
    """Measure responses (images, neurons), with controls: arrays (neurons).

    ``first``: marks the half of the images in which classes are chosen; ``further``: measures beside the
    built-in ones, after which they draw; ``signed``: responses may be below 0.
    """
    measures = selectivity.measure(
        responses,
        labels,
        first,
        classes,
        draws=DRAWS,
        rng=rng,
        measures=(*selectivity.BUILT_IN, *further),
        signed=signed,
    )
    measures["selective_q"] = selectivity.q_values(measures["selective_p"])
    return {
        name: values.astype(np.int16 if name == "preferred_class" else np.float32)
        for name, values in measures.items()
    }


def at_position(run: Run, epoch: float) -> Arrays:
    """Return the variables of ``/selectivity/position``, where the study asks for it.

    One more responder shows the images whose single responses are kept of the channels.
    """
    position = run.analysis.position
    if position is None:
        return {}
    data = models.dataset(run.data)
    images, first = read.natural_images(run.atlas), read.first_half(run.atlas)
    respond = models.responder(run, epoch, "observe", run.layers, position)
    responses = respond(data.test.images[images])
    labels, classes = data.test.labels[images], len(data.classes)
    signed_layers = read.signed_layers(run.atlas)
    parts = []
    for layer in run.layers:
        rng = np.random.default_rng(seed_of(run.seed, "analyze position", epoch, layer))
        measures = battery(
            responses[layer], labels, first, classes, rng, signed=layer in signed_layers
        )
        active = selectivity.active_images(responses[layer])
        parts.append({**measures, "natural_active": active.astype(np.int32)})
    return {f"{GROUP}/{name}": np.concatenate([part[name] for part in parts]) for name in parts[0]}
