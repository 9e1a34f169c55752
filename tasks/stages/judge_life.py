"""The life of one epoch's units: those that no natural image drives are certified dead, or searched for what drives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import CODINGS
from spikeatlas.snn.data import take_evenly
from spikeatlas.snn.life import (
    DORMANT,
    UNASKED,
    DriveResponder,
    Evidence,
    extreme_images,
    response_bounds,
    verdicts,
)
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.subjects import Subject, TrainedSource
from spikeatlas.tasks.analysis.naturalness import scale_of
from spikeatlas.tasks.atlas import LIVED, write
from spikeatlas.tasks.search.drive_probe import PURPOSE, DriveProbe
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

NATURAL = 2000
"""Training images, as many of each class, that a unit is silent on, beside all test images."""

PATHS = {
    name: f"life/{name}"
    for name in ("verdict", "bound", "drive", "response", "typicality", "searches", "budget")
} | {"stimulus": "life/stimuli/stimulus"}
"""Arrays of the atlas by their names."""

Array = NDArray[Any]


@dataclasses.dataclass(frozen=True)
class LivingLayer:
    """The probed units of one layer and the network that they are in."""

    run: Run
    block: Block
    """The epoch and the layer, with all probed units."""
    units: tuple[int, ...]
    network: SpikingNetwork
    """What training has left of it."""
    subject: Subject

    @property
    def places(self) -> dict[int, int]:
        """Place of each unit in the layer as it is now, by its number."""
        layer = self.network.upto([self.block.layer])[-1]
        numbers = range(layer.size) if layer.units is None else layer.units.tolist()
        return {unit: place for place, unit in enumerate(numbers)}

    def responses(self, images: Array) -> Array:
        """Sizes of the units' responses (n, units) to images (n, c, h, w)."""
        name = self.block.layer
        showing = models.showing(
            self.run, models.source(self.run).digest(self.block.epoch), PURPOSE
        )
        return np.abs(self.subject.responses(images, {name: self.units}, showing)[name])


class DriveResult(NamedTuple):
    """Best stimulus for each unit of a layer, (units,) each; NaN, or 0 of images, where there was no search."""

    response: Array
    drive: Array
    image: Array
    typicality: Array
    searches: Array


def judge_life(run: Run, epoch: float) -> None:
    """Store ``/life`` of an epoch."""
    source = models.plain_source(run)
    assert isinstance(source, TrainedSource)
    network = source.network(epoch)
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
    name, places = layer.block.layer, layer.places
    cut = np.array([unit not in places for unit in layer.units])
    bounds = response_bounds(layer.network)[name]
    sizes = np.maximum(np.abs(bounds.low), np.abs(bounds.high))
    bound = np.array([sizes[places[unit]] if unit in places else 0.0 for unit in layer.units])
    loudest = layer.responses(natural).max(axis=0)
    doubtful = np.flatnonzero(~cut & (loudest == 0) & (bound > 0))
    result = search(layer, doubtful)
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
    }


def nothing(layer: LivingLayer) -> DriveResult:
    """Return what is there before any search."""
    count = len(layer.units)
    none = np.full(count, np.nan, np.float32)
    shape = (count, *layer.network.input_shape)
    return DriveResult(
        none, none.copy(), np.zeros(shape, np.uint8), none.copy(), np.zeros(count, np.int32)
    )


def search(layer: LivingLayer, rows: Array) -> DriveResult:
    """Search for what drives the units at some ``rows`` of a layer, and keep the best that each responds to."""
    result = nothing(layer)
    if not rows.size:
        return result
    units = [layer.units[row] for row in rows]
    places = [layer.places[unit] for unit in units]
    driven = DriveProbe(layer.run, layer.block, units, layer.network, places).search()
    repeats = driven.drive.shape[1]
    responses = layer.responses(driven.images.reshape(-1, *driven.images.shape[2:]))
    answers = np.stack(
        [responses[k * repeats : (k + 1) * repeats, row] for k, row in enumerate(rows)]
    )
    best = np.where(answers.max(1) > 0, answers.argmax(1), driven.drive.argmax(1))
    at = (np.arange(len(rows)), best)
    result.response[rows], result.drive[rows] = answers[at], driven.drive.max(1)
    result.image[rows], result.searches[rows] = driven.images[at], repeats
    result.typicality[rows] = typicality(layer.run, driven.points[at], driven.images[at])
    return with_extremes(layer, rows, result)


def typicality(run: Run, points: Array, images: Array) -> Array:
    """Return the typicality (n,) of stimuli; NaN where the generator has none."""
    if run.generator.naturalness not in ("critic", "code"):
        return np.full(len(images), np.nan)
    return scale_of(run).typicality(points, images)


def with_extremes(layer: LivingLayer, rows: Array, result: DriveResult) -> DriveResult:
    """Take the first layer's extreme images where no search's stimulus drives a unit; they have no typicality."""
    network = layer.network
    first = layer.block.layer == network.layers[0]
    silent = np.array([row for row in rows if not result.response[row] > 0], dtype=int)
    if not first or not silent.size or CODINGS[network.coding].ternary:
        return result
    places = [layer.places[layer.units[row]] for row in silent]
    images = extreme_images(network)[places]
    responses = np.diagonal(layer.responses(images)[:, silent])
    drives = np.diagonal(_drive(layer, places, images))
    better = responses > 0
    result.response[silent[better]] = responses[better]
    result.image[silent[better]] = images[better]
    result.typicality[silent[better]] = np.nan
    result.drive[silent] = np.maximum(result.drive[silent], drives)
    return result


def _drive(layer: LivingLayer, places: list[int], images: Array) -> Array:
    """Drive (n, units) of some units by images."""
    units: Mapping[str, list[int]] = {layer.block.layer: places}
    return DriveResponder(layer.network, units)(images)[layer.block.layer]
