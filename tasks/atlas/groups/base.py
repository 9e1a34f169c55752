"""The form of a group's table: its variables, its labels, and the mark that promises them.

A group of the store is one file of this folder and a row of ``GROUPS``; what one mark promises is one table, so a
group may have several. All variables of a group have the same dimensions: a data frame of it is as long as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from spikeatlas.snn.training import EPOCHS
from spikeatlas.tasks.atlas.groups.axes import AxisLabels, row_labels
from spikeatlas.tasks.atlas.layout import Layout, Named

RATE = "1"
"""Unit of a response, if its layer has no other (``Layout.units``): spikes a time step and position, 0 to 1."""

GREY = "grey level (0 to 255)"

ROWS = ("epoch", "neuron")
SEARCHES = (*ROWS, "search", "repeat")
"""Dimensions of what every search has."""

PIXELS = ("channel", "y", "x")
"""Dimensions of one image."""

PROGRESS = "progress"
"""Path of the group of the network's own progress, which holds the marks of every epoch's stages."""

NONE = -1
"""The value of a whole number that says that there is none."""


def of_layers(kind: str) -> str:
    """Return the path of a kind of groups that every layer has one of."""
    return f"{kind}/*"


class Variable(NamedTuple):
    """One array of the atlas."""

    dims: tuple[str, ...]
    dtype: Any
    fill: Any
    long_name: str
    """A few words, which plots take as the label of an axis."""
    comment: str = ""
    """All else that is to be said."""
    units: str = "1"
    extra: Mapping[str, Any] = {}

    @property
    def of_block(self) -> bool:
        """True where each block of neurons has chunks of its own in it, and commits them by ``status``."""
        return "search" in self.dims and "stimulus_epoch" not in self.dims

    @property
    def meaning(self) -> str:
        """All that is said of it."""
        return f"{self.long_name}: {self.comment}" if self.comment else self.long_name

    def attributes(self, place: str = EPOCHS.units) -> dict[str, Any]:
        """CF-style attributes; ``_FillValue`` where -1 says that there is none, so that no mean counts it.

        ``place``: unit of the axis ``epoch``, which epochs among the values are in too.
        """
        units = place if self.units == EPOCHS.units else self.units
        comment = {"comment": self.comment} if self.comment else {}
        none = {"_FillValue": NONE} if _may_be_none(self.dtype, self.fill) else {}
        return {"long_name": self.long_name, "units": units, **comment, **none, **self.extra}


def _may_be_none(dtype: Any, fill: Any) -> bool:
    return fill == NONE and str(dtype).startswith("int")


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
    """No labels beside those of the dimensions."""
    return {}


@dataclass(frozen=True)
class Group:
    """Variables of one group of the store that one mark promises."""

    path: str
    """Its place in the store; ``of_layers(kind)``: one for every layer."""
    about: str
    """A line for the docs."""
    variables: Callable[[Layout, str | None], Mapping[str, Variable]]
    """Its arrays by name, in an atlas of that layout; of a layer, if the group is a layer's."""
    labels: Callable[[Layout, str | None], Mapping[str, AxisLabels]] = unlabelled
    """Its labels beside those that each of its dimensions has (``axes``), or in their place."""
    mark: str = ""
    """The array whose value 1 (``status``: a state that is settled) says that all of this can be read."""
    when: Callable[[Layout], bool] = always
    """Whether an atlas of that layout is allocated with it."""
    condition: str = ""
    """The same in words, for the docs."""
    of_searches: bool = False
    """True where it says nothing without searches, which an atlas of sequences does not have."""
    columns: tuple[Column, ...] = ()
    """Variables that the explorer sorts by, in its order."""
    beside: tuple[str, ...] = ()
    """Variables that it shows with them."""

    def is_in(self, layout: Layout) -> bool:
        """Tell whether an atlas of that layout is allocated with it."""
        return self.when(layout) and (bool(layout.methods) or not self.of_searches)

    @property
    def of_layer(self) -> bool:
        """True where every layer has such a group."""
        return self.path.endswith("/*")

    def at(self, layer: str | None) -> str:
        """Return the group's path in the store; that of one layer's."""
        return self.path.replace("*", layer) if layer else self.path


def flags(meanings: tuple[str, ...]) -> dict[str, Any]:
    """CF flag attributes."""
    return {"flag_values": list(range(len(meanings))), "flag_meanings": " ".join(meanings)}


def mark(long_name: str, dims: tuple[str, ...] = ("epoch",)) -> Variable:
    """Return the variable that says whether something was done."""
    return Variable(dims, "uint8", 0, long_name, extra=flags(("no", "yes")))


def same(table: Mapping[str, Variable]) -> Callable[[Layout, str | None], Mapping[str, Variable]]:
    """Return the variables of a group that has the same in every atlas."""

    def variables(_layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
        return table

    return variables


def rows(layout: Layout, _layer: str | None = None) -> dict[str, AxisLabels]:
    """The labels of a table over all layers' neurons."""
    return row_labels(layout)


def brought_rows(arrays: Iterable[Named]) -> dict[str, Variable]:
    """Arrays of measures in a table over all layers' neurons."""
    return {
        array.name: Variable(ROWS, "float32", math.nan, array.long_name, array.comment, array.units)
        for array in arrays
    }
