"""The contract of readings that put several neurons together: the atlas's neurons are then groups of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field, PlainValidator, SerializeAsAny
from pydantic.dataclasses import dataclass

from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.readings.base import (
    Columns,
    Layers,
    Reading,
    TrainReading,
    unknown_layers,
)
from spikeatlas.snn.readings.rate import RateReading
from spikeatlas.snn.registry import SPEC

Neuron = Annotated[int, Field(ge=0)]
RATE: Reading = RateReading()


def read_reading(value: object) -> Reading:
    """Read a reading beneath another. ValueError where a name is not known."""
    # the family's table is made after its members
    reading: Reading = Reading.family.read(value)
    return reading


Beneath = Annotated[
    SerializeAsAny[Reading],
    PlainValidator(read_reading, json_schema_input_type=str | dict[str, Any]),
]


@dataclass(frozen=True, config=SPEC)
class GroupReading(Reading, ABC):
    """A reading of groups of neurons, each of which ``reading`` reads; a layer without groups has no neurons.

    It is computed from responses alone, so any subject can be read so.
    """

    reading: Beneath = RATE
    """Reading of each neuron of a group: rate, latency, window, or another of groups."""

    @property
    @abstractmethod
    def members(self) -> Mapping[str, Sequence[tuple[int, ...]]]:
        """Neurons of each group, by layer."""

    @abstractmethod
    def merge(self, responses: Columns) -> Columns:
        """Responses (n,) of one group, from those (n, members) of its neurons, in order."""

    @abstractmethod
    def unit(self, unit: Unit, groups: Sequence[tuple[int, ...]]) -> Unit:
        """Return the unit of these groups' responses, from that of their neurons'."""

    @property
    def trains(self) -> TrainReading:
        """See ``Reading``."""
        return self.reading.trains

    def problems(self, layers: Layers, time_steps: int | None) -> list[str]:
        """Of the reading beneath, then layers and neurons that are not there."""
        problems = unknown_layers(self.kind, self.members, layers) + self.reading.problems(
            self._beneath(layers), time_steps
        )
        if problems:
            return problems
        inner = self.reading.layers(layers, time_steps)
        problems = unknown_layers(self.kind, self.members, inner)
        for layer in self.members.keys() & inner.keys():
            problems += self._strangers(layer, inner[layer].neurons)
        return problems

    def _beneath(self, layers: Layers) -> Layers:
        """Layers that the reading beneath is asked for; one of groups leaves others out itself."""
        if isinstance(self.reading, GroupReading):
            return layers
        return {name: info for name, info in layers.items() if name in self.members}

    def _strangers(self, layer: str, size: int) -> list[str]:
        strangers = {neuron for group in self.members[layer] for neuron in group if neuron >= size}
        if not strangers:
            return []
        return [
            (
                f"{self.kind} names neuron {min(strangers)} of layer {layer!r}, which has {size}: "
                f"they are 0 to {size - 1}."
            )
        ]

    def layers(self, layers: Layers, time_steps: int | None) -> dict[str, LayerInfo]:
        """Return the layers that have groups, each group a neuron."""
        inner = self.reading.layers(layers, time_steps)
        return {
            layer: LayerInfo(len(self.members[layer]), info.map, self._unit(layer, info))
            for layer, info in inner.items()
            if layer in self.members
        }

    def _unit(self, layer: str, info: LayerInfo) -> Unit:
        return self.unit(info.unit, self.members[layer])

    def channels(self, layer: str, neurons: Sequence[int]) -> tuple[int, ...]:
        """See ``Reading``."""
        return self.reading.channels(layer, self._inner(layer, neurons))

    def combine(self, layer: str, neurons: Sequence[int], responses: Columns) -> Columns:
        """See ``Reading``."""
        inner = self._inner(layer, neurons)
        values = self.reading.combine(layer, inner, responses)
        column = {neuron: place for place, neuron in enumerate(inner)}
        groups = [[column[member] for member in self.members[layer][neuron]] for neuron in neurons]
        columns = [self.merge(values[:, group]) for group in groups]
        return np.stack(columns, axis=1) if columns else values[:, :0]

    def _inner(self, layer: str, neurons: Sequence[int]) -> tuple[int, ...]:
        """Members of these groups, each once, in order of appearance."""
        members = self.members[layer]
        return tuple(dict.fromkeys(member for neuron in neurons for member in members[neuron]))
