"""Layers as they are read, and what keeps them from being read so."""

from __future__ import annotations

from collections.abc import Collection

from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.readings import (
    GroupReading,
    Reading,
    UnitChoice,
    at_place,
    unit_in_vain,
    unit_problems,
)
from spikeatlas.snn.subjects.base import (
    Source,
    Subject,
)


def reading_problems(
    source: Source | Subject,
    reading: Reading,
    unit: UnitChoice,
    layers: Collection[str] | None = None,
) -> list[str]:
    """Say in sentences what keeps layers of a subject, as it is before ``read_source``, from being read so.

    ``layers``: those that are probed, if not all; names that there are not are left to others.
    """
    probed = _probed(source, layers)
    # groups are named in the reading, and their layers with them
    grouped = isinstance(reading, GroupReading)
    problems = reading.problems(source.layers if grouped else probed, source.time_steps)
    if problems:
        return problems
    readable = reading.layers(source.layers, source.time_steps)
    return unit_problems(unit, {name: info for name, info in probed.items() if name in readable})


def probe_problems(
    source: Source,
    reading: Reading,
    unit: UnitChoice,
    layers: Collection[str] | None = None,
) -> list[str]:
    """Say in sentences what keeps all layers that a study probes from being read so, as ``reading_problems``.

    Also that a position is named, and none of them has a map.
    """
    problems = reading_problems(source, reading, unit, layers)
    if problems:
        return problems
    readable = reading.layers(source.layers, source.time_steps)
    probed = _probed(source, layers)
    return unit_in_vain(unit, {name: info for name, info in probed.items() if name in readable})


def _probed(source: Source | Subject, layers: Collection[str] | None) -> dict[str, LayerInfo]:
    return {name: info for name, info in source.layers.items() if layers is None or name in layers}


def read_layers(
    subject: Source | Subject, reading: Reading, unit: UnitChoice
) -> dict[str, LayerInfo]:
    """Return the layers of a subject as they are read; without those that the reading says nothing of."""
    return {
        name: at_place(info, unit)
        for name, info in reading.layers(subject.layers, subject.time_steps).items()
    }
