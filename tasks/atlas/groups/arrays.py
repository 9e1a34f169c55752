"""All arrays and labels of an atlas, read off the tables of its groups."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from spikeatlas.tasks.atlas.groups import GROUPS
from spikeatlas.tasks.atlas.groups.base import LAYERS, AxisLabels, Group, Variable
from spikeatlas.tasks.atlas.layout import Layout


class AtlasArray(NamedTuple):
    """One data array of an atlas."""

    path: str
    group: Group
    variable: Variable
    layer: str | None
    """The layer in whose group it is."""


def arrays(layout: Layout) -> Iterator[AtlasArray]:
    """Every data array that this version allocates."""
    for group in GROUPS:
        if group.when(layout):
            for place, layer in _places(group, layout):
                for name, variable in group.variables(layout).items():
                    yield AtlasArray(f"{place}{name}", group, variable, layer)


def labels(layout: Layout) -> dict[str, AxisLabels]:
    """All labels by their path in the store: in each group, so that any can be opened alone."""
    return {
        f"{place}{name}": axis
        for group in GROUPS
        if group.when(layout)
        for place, layer in _places(group, layout)
        for name, axis in group.labels(layout, layer).items()
    }


def _places(group: Group, layout: Layout) -> list[tuple[str, str | None]]:
    """The beginnings of the paths of a group's arrays, each with its layer."""
    if group.path == LAYERS:
        return [(f"layers/{layer}/", layer) for layer in layout.layers]
    return [(f"{group.path}/" if group.path else "", None)]


def chunk(layout: Layout, variable: Variable, layer: str | None) -> tuple[int, ...]:
    """A chunk: one epoch, one block of neurons where tasks own blocks, and all of the rest.

    So no chunk is ever shared by two tasks, and each is written whole.
    """
    sizes = layout.sizes(layer)
    parts = {"epoch": 1, "stimulus_epoch": 1}
    if layer and variable.of_block:
        parts["neuron"] = layout.blocks[layer]
    return tuple(parts.get(dim, sizes[dim]) for dim in variable.dims)


def size_of(layout: Layout) -> int:
    """Bytes of all arrays, uncompressed: an upper estimate of the space an atlas takes."""
    return sum(
        math.prod(layout.sizes(layer)[dim] for dim in variable.dims) * _itemsize(variable)
        for _, _, variable, layer in arrays(layout)
    )


def _itemsize(variable: Variable) -> int:
    """Bytes of one element (strings are estimated)."""
    return 16 if variable.dtype is str else int(np.dtype(variable.dtype).itemsize)
