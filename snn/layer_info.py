"""A layer as search, atlas and analysis see it: its neurons, their map, and the unit of their responses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SPIKE_RATE = "spikes a step and position"


@dataclass(frozen=True)
class Unit:
    """The unit of a layer's responses."""

    name: str = SPIKE_RATE
    """Of 1, as the atlas has it in ``units``."""
    quantum: float | None = None
    """Smallest difference of two responses to one showing: one spike's. None where there is no smallest."""
    top: float | None = 1.0
    """Largest response there can be; None where there is no upper end."""
    bottom: float | None = 0.0
    """Smallest response there can be: -1 where spikes are signed; None where there is no lower end."""
    relative: bool = False
    """True where 1 is a number of each neuron's own, its reference (``Subject.references``)."""


@dataclass(frozen=True)
class LayerInfo:
    """A layer as a study sees it."""

    neurons: int
    """Channels of its maps, or units."""
    map: tuple[int, ...]
    """(h, w) of a channel's map; () of units."""
    unit: Unit = Unit()
    """Of its responses."""


def spike_unit(time_steps: int, map_: tuple[int, ...] = (), *, signed: bool = False) -> Unit:
    """Return the unit of spike rates over so many steps (>= 1) and the positions of a map (h, w)."""
    return Unit(quantum=1 / (time_steps * math.prod(map_)), bottom=-1.0 if signed else 0.0)


def require_neurons(layer: str, neurons: Sequence[int], size: int) -> tuple[int, ...]:
    """Return the neurons asked for of a layer of ``size``. ValueError where it has no such, or none is asked for."""
    indices = tuple(int(neuron) for neuron in neurons)
    if not indices or not all(0 <= neuron < size for neuron in indices):
        raise ValueError(
            f"neurons of layer {layer!r} are {list(indices)}: give at least one of 0 to {size - 1}."
        )
    return indices


def require_rows(
    layers: Mapping[str, LayerInfo], neurons: Mapping[str, Sequence[int]]
) -> dict[str, list[int]]:
    """Return the neurons asked for of each layer. Errors as ``require_neurons``; KeyError for an unknown layer."""
    return {
        name: list(require_neurons(name, row, layers[name].neurons))
        for name, row in neurons.items()
    }
