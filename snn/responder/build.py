"""Turns a plan into prepared layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import nn

from spikeatlas.snn.networks import SpikingNetwork, Stage
from spikeatlas.snn.responder.available import COMPILED
from spikeatlas.snn.responder.plan import Plan, Question
from spikeatlas.snn.responder.sizes import chunk_images, first_bytes, frame_images
from spikeatlas.snn.responder.ways.currents import Currents
from spikeatlas.snn.responder.ways.encoded import Encoded
from spikeatlas.snn.responder.ways.frames import Frames, Step, TorchStep
from spikeatlas.snn.responder.ways.signal import Counts, Signal
from spikeatlas.snn.responder.ways.steps import BySteps

if COMPILED:
    from spikeatlas.snn.responder import prepare
    from spikeatlas.snn.responder.lookup import Lookup
    from spikeatlas.snn.responder.ways.step import CompiledStep


Part = tuple[Counts, Signal]


class First(Protocol):
    """A prepared first layer under constant current."""

    def chunks(self, batch: npt.NDArray[np.uint8], count: int) -> Iterator[Part]:
        """Counts, and what the next layer needs, of the first ``count`` images, in chunks."""


class Layer(Protocol):
    """A prepared layer behind another one."""

    def __call__(self, signal: Any) -> Part:
        """Spike counts int64 (n, neurons) and, if a layer follows, what it needs."""


@dataclasses.dataclass(frozen=True, eq=False)
class Prepared:
    """All layers of a plan."""

    source: First | Encoded
    """The first layer under constant current, or the encoder of a stochastic coding."""
    layers: tuple[Layer, ...]
    """Those behind the source."""


@dataclasses.dataclass(frozen=True, eq=False)
class Builder:
    """Prepares the layers of one plan."""

    network: SpikingNetwork
    stages: Sequence[Stage]
    question: Question
    plan: Plan
    lookup: Lookup | None
    """Of the first layer."""
    batch_size: int

    def build(self) -> Prepared:
        """Copy all weights; later changes of the network are not seen."""
        chunk = chunk_images(
            self.question.shapes,
            self.plan.layers,
            time_steps=self.question.time_steps,
            batch_size=self.batch_size,
            memory=self.question.memory,
        )
        places = range(len(self.plan.layers))
        if self.question.constant:
            behind = tuple(self._layer(place) for place in places[1:])
            return Prepared(self._first(chunk), behind)
        return Prepared(Encoded(self.network, chunk), tuple(self._layer(place) for place in places))

    def _first(self, chunk: int) -> First:
        layer, shape = self.plan.layers[0], self.question.shapes[0]
        each = first_bytes(shape, layer, self.question.time_steps)
        roomy = self.batch_size * each <= self.question.memory // 2
        sizes = (layer.neurons, self.batch_size, chunk, roomy)
        currents = Currents(self.network, self.stages[0], shape, *sizes)
        passes_on = not self.question.last(0)
        if self.lookup and layer.way == "trains":
            counting = layer.layer in self.question.neurons
            return prepare.by_trains(
                currents, self.lookup, layer, counting=counting, passes_on=passes_on
            )
        if self.lookup and layer.way == "direct":
            return prepare.directly(currents, self.lookup, layer)
        steps = self.question.time_steps
        return BySteps(currents, self._step(0), steps, self._computed(0), passes_on)

    def _layer(self, place: int) -> Layer:
        layer, shape = self.plan.layers[place], self.question.shapes[place]
        stage, passes_on = self.stages[place], not self.question.last(place)
        steps = self.question.time_steps
        if self.lookup and layer.way == "factorised":
            return prepare.factorised(stage, shape, layer, self.lookup, passes_on=passes_on)
        if layer.way == "patterns":
            return prepare.patterns(stage, shape, layer, steps, passes_on=passes_on)
        images = frame_images(shape, steps, self.question.memory)
        step = self._step(place)
        return Frames(stage, shape, steps, step, self._computed(place), passes_on, images)

    def _computed(self, place: int) -> tuple[int, ...]:
        return self.question.computed(place)

    def _step(self, place: int) -> Step:
        if self.question.compiled:
            return CompiledStep(self.stages[place])
        shape = self.question.shapes[place]
        units = not isinstance(self.stages[place].operator, nn.Conv2d)
        size = () if units else (shape.height.outputs, shape.width.outputs)
        return TorchStep(self.stages[place], size)
