"""The form of a group's table: its variables, its labels, and the mark that promises them.

A group of the store is one file of this folder and a row of ``GROUPS``; what one mark promises is one table, so a
group may have several.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from spikeatlas.tasks.atlas.layout import Layout, Named

RATE = "1"
"""Unit of a spike rate: spikes per time step and position, 0 to 1."""

ROWS = ("epoch", "neuron")
SEARCHES = (*ROWS, "method", "repeat")
"""Dimensions of what every search has."""

LAYERS = "layers/*"
"""Path of the groups of single layers."""

TABLE = {"coordinates": "layer index"}
"""CF attribute of arrays over all layers' neurons."""


class Variable(NamedTuple):
    """One array of the atlas."""

    dims: tuple[str, ...]
    dtype: Any
    fill: Any
    long_name: str
    units: str = "1"
    extra: Mapping[str, Any] = {}

    @property
    def of_block(self) -> bool:
        """True where each block of neurons has chunks of its own in it, and commits them by ``status``."""
        return "method" in self.dims and "stimulus_epoch" not in self.dims

    def attributes(self) -> dict[str, Any]:
        """CF-style attributes."""
        return {"long_name": self.long_name, "units": self.units, **self.extra}


class AxisLabels(NamedTuple):
    """The labels of one axis, or a second label along one."""

    dim: str
    values: Sequence[Any]
    long_name: str
    units: str = "1"


class Column(NamedTuple):
    """A variable that the explorer sorts by and draws over training."""

    name: str
    label: str
    heading: str
    """The heading it stands under, one of ``HEADINGS``."""
    identifier: str = ""
    """Its name in the page; empty: the variable's own."""


HEADINGS = MEI, TUNED, SEEN, ROLE, TIME = (
    "MEI", "Tuning to test images", "What is seen in the MEI", "Role in the network", "Over training",
)  # fmt: skip


def always(_layout: Layout) -> bool:
    """True: every atlas has the group."""
    return True


def later(_layout: Layout) -> bool:
    """False: the group is not allocated with the atlas, but written when there is something to say."""
    return False


def unlabelled(_layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    """No labels beside those of the group's other table."""
    return {}


@dataclass(frozen=True)
class Group:
    """Variables of one group of the store that one mark promises."""

    path: str
    """Its place in the store; ``LAYERS``: one for every layer."""
    about: str
    """A line for the docs."""
    variables: Callable[[Layout], Mapping[str, Variable]]
    """Its arrays by name, in an atlas of that layout."""
    labels: Callable[[Layout, str | None], Mapping[str, AxisLabels]] = unlabelled
    """Its labels by name; of a layer, if the group is a layer's."""
    mark: str = ""
    """The array whose value 1 (``status``: a state that is settled) says that all of this can be read."""
    when: Callable[[Layout], bool] = always
    """Whether an atlas of that layout is allocated with it."""
    condition: str = ""
    """The same in words, for the docs."""
    first: bool = False
    """Whether the first version had all of it: atlases that do not list their nodes must have it."""
    columns: tuple[Column, ...] = ()
    """Variables that the explorer sorts by, in its order."""
    beside: tuple[str, ...] = ()
    """Variables that it shows with them."""


def flags(meanings: tuple[str, ...]) -> dict[str, Any]:
    """CF flag attributes."""
    return {"flag_values": list(range(len(meanings))), "flag_meanings": " ".join(meanings)}


def epochs(layout: Layout) -> dict[str, AxisLabels]:
    """The axis of training progress."""
    values = [float(epoch) for epoch in layout.epochs]
    return {"epoch": AxisLabels("epoch", values, "training progress (0: untrained)", "epoch")}


def stimulus_epochs(layout: Layout) -> dict[str, AxisLabels]:
    """The same, of the epoch whose MEIs are shown."""
    axis = epochs(layout)["epoch"]
    return {"stimulus_epoch": AxisLabels("stimulus_epoch", axis.values, "training progress of the MEI", "epoch")}  # fmt: skip


def classes(layout: Layout) -> dict[str, AxisLabels]:
    """The axis of natural images' classes."""
    return {"class": AxisLabels("class", layout.classes, "class of natural images")}


def searches(layout: Layout) -> dict[str, AxisLabels]:
    """The axes of a neuron's searches."""
    return {
        "method": AxisLabels("method", layout.methods, "search method"),
        "repeat": AxisLabels("repeat", range(layout.repeats), "independent search"),
    }


def table_rows(layout: Layout, _layer: str | None = None) -> dict[str, AxisLabels]:
    """The axes of a table over epochs and all layers' neurons."""
    layers = [layer for layer, indices in layout.layers.items() for _ in indices]
    return {
        **epochs(layout),
        "neuron": AxisLabels("neuron", range(layout.neurons), "row of the table"),
        "layer": AxisLabels("neuron", layers, "spiking layer"),
        "index": AxisLabels(
            "neuron", _flat(layout.layers.values()), "channel or unit of the layer"
        ),
    }


def brought_rows(arrays: Iterable[Named]) -> dict[str, Variable]:
    """Arrays of the user's own measures in a table over all layers' neurons."""
    return {
        array.name: Variable(ROWS, "float32", math.nan, array.long_name, array.units, TABLE)
        for array in arrays
    }


def search_rows(layout: Layout, layer: str | None = None) -> dict[str, AxisLabels]:
    """The axes of such a table with a value for every search."""
    return table_rows(layout, layer) | searches(layout)


def neurons_by_layer(layout: Layout) -> dict[str, AxisLabels]:
    """An axis of neurons for every layer."""
    return {
        f"neuron_{layer}": AxisLabels(f"neuron_{layer}", indices, f"channel or unit of {layer}")
        for layer, indices in layout.layers.items()
    }


def _flat(parts: Iterable[Sequence[int]]) -> list[int]:
    return [value for part in parts for value in part]
