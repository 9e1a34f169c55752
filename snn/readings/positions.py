"""The unit of a layer with maps: a channel's mean over its map, or the one neuron at a position."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import PlainValidator, SerializeAsAny
from torch import Tensor

from spikeatlas.snn.layer_info import LayerInfo, Unit

Place = tuple[int, int]
"""Row and column of a map, from 0."""


def read_unit(value: object) -> Literal["channel", "centre"] | Place:
    """Read ``channel``, ``centre``, or a row and a column. ValueError for anything else."""
    if value == "channel":
        return "channel"
    if value == "centre":
        return "centre"
    if isinstance(value, Sequence) and len(value) == 2:
        row, column = value
        if all(type(place) is int and place >= 0 for place in (row, column)):
            return row, column
    raise ValueError(
        f"{value!r} is no unit; write channel (the mean over a channel's map), centre, "
        "or a position of the maps as [row, column], from 0"
    )


UnitChoice = Annotated[
    SerializeAsAny[Literal["channel", "centre"] | Place],
    # an alternative of pydantic's own would tell the mistakes of all three
    PlainValidator(
        read_unit, json_schema_input_type=Literal["channel", "centre"] | tuple[int, int]
    ),
]
"""``probe.unit`` of a study."""


def place_of(unit: UnitChoice, map_: tuple[int, ...]) -> Place | None:
    """Return the position of a map (h, w) that is read; None for all of it, or where there is no map.

    The centre is at (h // 2, w // 2): of four middle ones, the lower right.
    """
    if unit == "channel" or not map_:
        return None
    if unit == "centre":
        return map_[0] // 2, map_[1] // 2
    row, column = unit
    return int(row), int(column)


def gather(values: Tensor, unit: UnitChoice) -> tuple[Tensor, int]:
    """Return sums (n, channels) of values (n, channels, *map) over what is read of a map, and its positions."""
    place = place_of(unit, tuple(values.shape[2:]))
    if place is None:
        maps = values.reshape(*values.shape[:2], math.prod(values.shape[2:]))
        return maps.sum(2), maps.shape[2]
    return values[:, :, place[0], place[1]], 1


def pick(values: Tensor, unit: UnitChoice) -> Tensor:
    """Return (n, channels) of values (n, channels, *map): their mean over the map, or the one at a position."""
    sums, positions = gather(values, unit)
    return sums / positions


def unit_problems(unit: UnitChoice, layers: Mapping[str, LayerInfo]) -> list[str]:
    """Say in a sentence which layers' maps have no such position."""
    beyond = {name: info.map for name, info in layers.items() if _is_beyond(unit, info.map)}
    if not beyond:
        return []
    maps = ", ".join(f"{name} ({' x '.join(map(str, map_))})" for name, map_ in beyond.items())
    place = unit if isinstance(unit, str) else f"[{unit[0]}, {unit[1]}], row and column from 0"
    sentence = (
        f"unit is {place}: there is no such position in the maps of {maps}; give one that all of these have, probe "
        "other layers, or use centre or channel."
    )
    return [sentence]


def _is_beyond(unit: UnitChoice, map_: tuple[int, ...]) -> bool:
    """Tell whether a map has no such position; those that have not two axes have none at all."""
    if unit == "channel" or not map_:
        return False
    place = place_of(unit, map_) if len(map_) == 2 else None
    return place is None or not (place[0] < map_[0] and place[1] < map_[1])


def unit_in_vain(unit: UnitChoice, layers: Mapping[str, LayerInfo]) -> list[str]:
    """Say in a sentence that none of the layers that are probed has a map, if a position of one is to be read."""
    if unit == "channel" or not layers or any(info.map for info in layers.values()):
        return []
    where = unit if unit == "centre" else list(unit)
    return [
        f"unit is {where}, a position of maps, but no layer that is probed has one ({', '.join(layers)}): use channel."
    ]


def at_place(info: LayerInfo, unit: UnitChoice) -> LayerInfo:
    """Return a layer as it is read at a position: without its map, and one spike counts for more."""
    place = place_of(unit, info.map)
    if place is None:
        return info
    quantum = info.unit.quantum
    single = None if quantum is None else quantum * math.prod(info.map)
    where = "the map's centre" if unit == "centre" else f"row {place[0]}, column {place[1]}"
    return LayerInfo(info.neurons, (), _named(info.unit, f"at {where}", single))


def _named(unit: Unit, addition: str, quantum: float | None) -> Unit:
    return dataclasses.replace(unit, name=f"{unit.name}, {addition}", quantum=quantum)
