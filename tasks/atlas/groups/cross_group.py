"""Answers of the network of one epoch to the MEIs of another."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    LAYERS,
    RATE,
    AxisLabels,
    Group,
    Variable,
    epochs,
    flags,
    stimulus_epochs,
)
from spikeatlas.tasks.atlas.layout import Layout

CROSSED = "cross/crossed"
"""The mark of a pair of epochs."""


def _compares(layout: Layout) -> bool:
    return layout.cross


def _crossed(_layout: Layout) -> dict[str, Variable]:
    return {
        "crossed": Variable(("epoch", "stimulus_epoch"), "uint8", 0, "whether the network of epoch was shown the MEIs of stimulus_epoch", extra=flags(("no", "yes"))),
    }  # fmt: skip


def _responses(_layout: Layout) -> dict[str, Variable]:
    dims = ("epoch", "stimulus_epoch", "neuron", "method", "repeat")
    return {
        "cross_response": Variable(dims, "float32", np.nan, "spike rate of the network of epoch to mei (with a warm start: cold_mei) of stimulus_epoch, measured as response is", RATE),
    }  # fmt: skip


def _axes(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    return epochs(layout) | stimulus_epochs(layout)


def _other_epochs(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    return stimulus_epochs(layout)


CROSS = Group(
    "cross",
    "whether the network of `epoch` was shown the MEIs of `stimulus_epoch`; its answers are `cross_response` in the "
    "layers' groups",
    _crossed,
    _axes,
    when=_compares,
    condition="analysis.cross",
)
CROSS_RESPONSES = Group(
    LAYERS,
    "each neuron's answers, at one epoch, to its own MEIs of another",
    _responses,
    _other_epochs,
    mark=CROSSED,
    when=_compares,
    condition="analysis.cross",
)
