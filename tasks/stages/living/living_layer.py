"""One layer of one epoch whose units' life is judged, and what was seen to drive them."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.life import DriveResponder
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.subjects import Subject
from spikeatlas.tasks.search.drive_probe import PURPOSE
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

Array = NDArray[Any]


@dataclasses.dataclass(frozen=True)
class LivingLayer:
    """The probed units of one layer and the network that they are in."""

    run: Run
    block: Block
    """The epoch and the layer, with all probed units."""
    units: tuple[int, ...]
    network: SpikingNetwork
    """What training has left of it; its spikes have the gradient of the training."""
    subject: Subject

    @property
    def name(self) -> str:
        """Name of the layer."""
        return self.block.layer

    @property
    def places(self) -> dict[int, int]:
        """Place of each unit in the layer as it is now, by its number."""
        layer = self.network.upto([self.name])[-1]
        numbers = range(layer.size) if layer.units is None else layer.units.tolist()
        return {unit: place for place, unit in enumerate(numbers)}

    @property
    def _digest(self) -> str:
        return models.source(self.run).digest(self.block.epoch)

    @property
    def key(self) -> CodingKey:
        """Of the random numbers of a stochastic coding."""
        return models.coding_key(self.run, self._digest, PURPOSE)

    def responses(self, images: Array) -> Array:
        """Sizes of the units' responses (n, units) to images (n, c, h, w)."""
        showing = models.showing(self.run, self._digest, PURPOSE)
        return np.abs(self.subject.responses(images, {self.name: self.units}, showing)[self.name])

    def respond(self, rows: Array, images: Array) -> Array:
        """Size (n,) of the response of the unit at each of ``rows`` to the image (n, c, h, w) in its place."""
        return np.diagonal(self.responses(images)[:, rows])

    def drive(self, rows: Array, images: Array) -> Array:
        """Drive (n,) of the unit at each of ``rows`` by the image (n, c, h, w) in its place."""
        places = [self.places[self.units[row]] for row in rows]
        respond = DriveResponder(self.network, {self.name: places}, self.key)
        return np.diagonal(respond(images)[self.name])


class DriveResult(NamedTuple):
    """Best stimulus for each unit of a layer, (units,) each; NaN, or 0 of images, where there is none."""

    response: Array
    drive: Array
    image: Array
    typicality: Array
    searches: Array
    guided: Array

    @property
    def silent(self) -> Array:
        """Places (units,) of those that nothing was seen to drive."""
        return ~(self.response > 0)


def nothing(layer: LivingLayer) -> DriveResult:
    """Return what is there before anybody looked."""
    count = len(layer.units)
    none = np.full(count, np.nan, np.float32)
    images = np.zeros((count, *layer.network.input_shape), np.uint8)
    zero = np.zeros(count, np.int32)
    return DriveResult(none, none.copy(), images, none.copy(), zero, zero.copy())
