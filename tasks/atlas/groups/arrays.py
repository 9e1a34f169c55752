"""All arrays and labels of an atlas, read off the tables of its groups."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from spikeatlas.tasks.atlas.groups import GROUPS
from spikeatlas.tasks.atlas.groups.axes import AxisLabels, axis, network_label, search_signs
from spikeatlas.tasks.atlas.groups.base import Group, Variable
from spikeatlas.tasks.atlas.groups.of_layers.best_group import BEST
from spikeatlas.tasks.atlas.groups.of_layers.natural_group import IMAGES_OF_A_CHUNK
from spikeatlas.tasks.atlas.layout import Layout

SMALLEST = Layout(
    epochs=(0.0,),
    layers={"*": (0,)},
    blocks={"*": 1},
    methods=("screened",),
    repeats=1,
    budget=1,
    latent=1,
    latent_dtype="int32",
    image=(1, 1, 1),
    classes=("0",),
    screening=1,
    references=("*",),
)
"""One of everything: names of variables do not depend on sizes."""


class AtlasArray(NamedTuple):
    """One data array of an atlas."""

    path: str
    group: Group
    variable: Variable
    layer: str | None
    """The layer that it is about; None: all of them, or none."""
    labels: dict[str, AxisLabels]
    """All labels of its group."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its size along each dimension."""
        return tuple(len(self.labels[dim].values) for dim in self.variable.dims)

    @property
    def coordinates(self) -> str:
        """The labels that it has beside those of its dimensions, as CF names them."""
        dims = set(self.variable.dims)
        return " ".join(
            name
            for name, label in self.labels.items()
            if name not in dims and set(label.dims) <= dims
        )


def arrays(layout: Layout) -> Iterator[AtlasArray]:
    """Every data array that this version allocates."""
    of_group = _labels_of(layout)
    for group in GROUPS:
        if group.is_in(layout):
            for layer in layout.layers if group.of_layer else [None]:
                path = group.at(layer)
                for name, variable in group.variables(layout, layer).items():
                    yield AtlasArray(f"{path}/{name}", group, variable, layer, of_group[path])


def labels(layout: Layout) -> dict[str, AxisLabels]:
    """All labels by their path in the store: in each group, so that any can be opened alone."""
    return {
        f"{path}/{name}": label
        for path, of_group in _labels_of(layout).items()
        for name, label in of_group.items()
    }


def _labels_of(layout: Layout) -> dict[str, dict[str, AxisLabels]]:
    """The labels of each group by its path."""
    of_group: dict[str, dict[str, AxisLabels]] = {}
    for group in GROUPS:
        if group.is_in(layout):
            for layer in layout.layers if group.of_layer else [None]:
                variables = group.variables(layout, layer).values()
                dims = dict.fromkeys(dim for variable in variables for dim in variable.dims)
                here = of_group.setdefault(group.at(layer), {})
                here |= {dim: axis(layout, layer, dim) for dim in dims}
                here |= search_signs(layout) if "search" in dims else {}
                here |= {**group.labels(layout, layer), **network_label(layout)}
    return of_group


def path_of(name: str, layer: str) -> str:
    """Return the path of a variable of a layer's groups, whose names are all different."""
    return _path_in_layer()[name].replace("*", layer)


@cache
def _path_in_layer() -> dict[str, str]:
    return {
        name: f"{group.path}/{name}"
        for group in GROUPS
        if group.of_layer and group.path != BEST
        for name in group.variables(SMALLEST, "*")
    }


def chunk(layout: Layout, array: AtlasArray) -> tuple[int, ...]:
    """A chunk: one epoch, one block of neurons where tasks own blocks, and all of the rest.

    So no chunk is ever shared by two tasks, and each is written whole.
    """
    parts = {"epoch": 1, "stimulus_epoch": 1}
    if array.layer and array.variable.of_block:
        parts["neuron"] = layout.blocks[array.layer]
    if "epoch" not in array.variable.dims:
        parts["image"] = IMAGES_OF_A_CHUNK
    return tuple(
        min(size, parts.get(dim, size))
        for dim, size in zip(array.variable.dims, array.shape, strict=True)
    )


def size_of(layout: Layout) -> int:
    """Bytes of all arrays, uncompressed: an upper estimate of the space an atlas takes."""
    return sum(math.prod(array.shape) * _itemsize(array.variable) for array in arrays(layout))


def _itemsize(variable: Variable) -> int:
    """Bytes of one element (strings are estimated)."""
    return 16 if variable.dtype is str else int(np.dtype(variable.dtype).itemsize)
