"""The contract of readings: the number that a neuron's spikes over time become."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.layer_info import SPIKE_RATE, LayerInfo
from spikeatlas.snn.readings.positions import UnitChoice, gather
from spikeatlas.snn.registry import SPEC, Contract

Layers = Mapping[str, LayerInfo]
Columns = NDArray[np.float32]
"""(n, neurons) responses."""


@dataclass(frozen=True, config=SPEC)
class Reading(Contract, ABC):
    """A reading, as a study names it; a member adds its fields.

    It says its formula. Two kinds: those of one neuron's spikes over time (``TrainReading``), and those
    that put together what another reads of several neurons (``GroupReading``).
    """

    kind: str

    @property
    @abstractmethod
    def trains(self) -> TrainReading:
        """The reading of single neurons that lies beneath: the part that a subject itself computes."""

    @abstractmethod
    def problems(self, layers: Layers, time_steps: int | None) -> list[str]:
        """Say in sentences what keeps a subject of these layers and steps from being read so."""

    @abstractmethod
    def layers(self, layers: Layers, time_steps: int | None) -> dict[str, LayerInfo]:
        """Return the layers as they are read: their neurons, and the unit of their responses.

        Those that this reading says nothing of are left out. For layers without ``problems``.
        """

    def channels(self, layer: str, neurons: Sequence[int]) -> tuple[int, ...]:
        """Return the subject's neurons that these neurons, as read, are made of, each once."""
        del layer
        return tuple(neurons)

    def combine(self, layer: str, neurons: Sequence[int], responses: Columns) -> Columns:
        """Responses (n, neurons) of neurons as read, from those (n, channels) of ``channels(layer, neurons)``."""
        del layer, neurons
        return responses


@dataclass(frozen=True, config=SPEC)
class TrainReading(Reading, ABC):
    """A reading of one neuron's spikes over time, 0 or 1 (or -1), at each position of its map.

    It is folded over time, a few steps after another; numerators are whole numbers for spikes, so that
    no order of sums changes a bit.
    """

    @property
    def trains(self) -> TrainReading:
        """Itself."""
        return self

    @abstractmethod
    def fold(self, value: Tensor | None, spikes: Tensor, first: int) -> Tensor:
        """Return what is known (n, channels, *map) after further steps of spikes (k, n, channels, *map).

        ``value``: what was known before them, None at the start; ``first``: number of the first of these
        steps, from 0. Spikes count in units of their height.
        """

    @abstractmethod
    def total(self, value: Tensor, time_steps: int) -> Tensor:
        """Numerator of the reading (n, channels, *map), float64, after all steps."""

    @abstractmethod
    def divisor(self, time_steps: int) -> int:
        """Return what numerators are divided by."""

    def finish(self, value: Tensor, time_steps: int) -> Tensor:
        """Return the reading of every position (n, channels, *map), float64, after all steps."""
        return self.total(value, time_steps) / self.divisor(time_steps)

    def responses(
        self, value: Tensor, time_steps: int, unit: UnitChoice = "channel"
    ) -> NDArray[np.float64]:
        """Responses (n, channels) of what was folded over all steps; ``unit``: the position of a map, or all.

        Sums come before the one division, so that whole numbers stay exact.
        """
        sums, positions = gather(self.total(value, time_steps), unit)
        responses: NDArray[np.float64] = sums.numpy() / (self.divisor(time_steps) * positions)
        return responses


def spike_problems(kind: str, layers: Layers, time_steps: int | None) -> list[str]:
    """Say why layers cannot be read by their spikes over time."""
    if time_steps is None:
        return [f"{kind} reads spikes over time, and this network knows no time steps; use rate."]
    silent = [name for name, info in layers.items() if info.unit.name != SPIKE_RATE]
    if not silent:
        return []
    return [
        (
            f"{kind} reads spikes, and there are none in {', '.join(silent)}, whose responses are in "
            f"{layers[silent[0]].unit.name}; use rate, or probe other layers."
        )
    ]


def unknown_layers(field: str, names: Iterable[str], layers: Layers) -> list[str]:
    """Say which layers a field names that there are not."""
    return [
        f"{field} names layer {name!r}, but the network has {', '.join(layers)}."
        for name in names
        if name not in layers
    ]
