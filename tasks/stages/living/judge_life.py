"""The life of one epoch's units: those that no natural image drives are certified dead, or searched for what drives them."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.data import take_evenly
from spikeatlas.snn.life import DORMANT, UNASKED, Evidence, response_bounds, verdicts
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.subjects import TrainedSource
from spikeatlas.tasks.atlas import LIVED, write
from spikeatlas.tasks.stages.living.life_evidence import look_for_life
from spikeatlas.tasks.stages.living.living_layer import Array, LivingLayer, nothing
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

NATURAL = 2000
"""Training images, as many of each class, that a unit is silent on, beside all test images."""

PATHS = {
    name: f"life/{name}"
    for name in (
        "verdict",
        "bound",
        "drive",
        "response",
        "typicality",
        "searches",
        "budget",
        "guided",
    )
} | {"stimulus": "life/stimuli/stimulus"}
"""Arrays of the atlas by their names."""


def judge_life(run: Run, epoch: float) -> None:
    """Store ``/life`` of an epoch."""
    source = models.plain_source(run)
    assert isinstance(source, TrainedSource)
    network = source.network(epoch, run.training.surrogate)
    assert isinstance(network, SpikingNetwork)
    subject, _ = models.subject(run, epoch)
    natural = natural_images(run)
    parts = []
    for name, units in run.layers.items():
        layer = LivingLayer(run, Block(epoch, name, 0, len(units)), units, network, subject)
        is_output = name in source.outputs
        parts.append(unasked(layer) if is_output else judged(layer, natural))
    arrays = {PATHS[name]: np.concatenate([part[name] for part in parts]) for name in PATHS}
    write.write_epoch(run.atlas, epoch, arrays, LIVED)


def natural_images(run: Run) -> Array:
    """Return the images that a live unit responds to some of: a stretch of the training images, and all test images."""
    data = models.dataset(run.data)
    return np.concatenate([take_evenly(data.train, NATURAL).images, data.test.images])


def judged(layer: LivingLayer, natural: Array) -> dict[str, Array]:
    """Return the variables (units,) of a hidden layer."""
    name, places = layer.name, layer.places
    cut = np.array([unit not in places for unit in layer.units])
    bounds = response_bounds(layer.network)[name]
    sizes = np.maximum(np.abs(bounds.low), np.abs(bounds.high))
    bound = np.array([sizes[places[unit]] if unit in places else 0.0 for unit in layer.units])
    loudest = layer.responses(natural).max(axis=0)
    doubtful = np.flatnonzero(~cut & (loudest == 0) & (bound > 0))
    result = look_for_life(layer, doubtful)
    verdict = verdicts(Evidence(cut, loudest, bound, result.response))
    dormant = verdict == DORMANT
    return {
        "verdict": verdict,
        "bound": bound.astype(np.float32),
        "drive": result.drive,
        "response": np.where(dormant, result.response, np.nan).astype(np.float32),
        "typicality": np.where(dormant, result.typicality, np.nan).astype(np.float32),
        "stimulus": np.where(dormant[:, None, None, None], result.image, 0).astype(np.uint8),
        "searches": result.searches,
        "budget": (result.searches > 0).astype(np.int32) * layer.run.search.budget,
        "guided": result.guided,
    }


def unasked(layer: LivingLayer) -> dict[str, Array]:
    """Return the variables (units,) of an output layer, whose units stand for classes: there is no verdict on them."""
    result = nothing(layer)
    return {
        "verdict": np.full(len(layer.units), UNASKED, np.uint8),
        "bound": result.drive,
        "drive": result.drive,
        "response": result.response,
        "typicality": result.typicality,
        "stimulus": result.image,
        "searches": result.searches,
        "budget": result.searches,
        "guided": result.guided,
    }
