"""Answers of the network of one epoch to the MEIs of another, each neuron's own and the others'."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from spikeatlas.tasks.atlas.groups.base import RATE, Group, Variable, mark, of_layers, same
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import rate
from spikeatlas.tasks.atlas.layout import Layout

PAIRS = ("epoch", "stimulus_epoch")

CROSSED, BORROWED = "cross/crossed", "borrowed/compared"
"""The marks of a pair of epochs."""


def _compares(layout: Layout) -> bool:
    return layout.cross


_CROSSED = {"crossed": mark("network was shown the MEIs", PAIRS)}
_COMPARED = {"compared": mark("answers to others' MEIs are noted", PAIRS)}  # fmt: skip


def _own(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "cross_response": Variable((*PAIRS, "neuron", "search", "repeat"), "float32", np.nan, "response across epochs", "of the network of epoch to mei (with a warm start: cold_mei) of stimulus_epoch, measured as response is", RATE, rate(layout, layer)),
    }  # fmt: skip


def _others(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    dims = (*PAIRS, "neuron")
    return {
        "borrowed_response": Variable(dims, "float32", np.nan, "best response to another's MEI", "of another neuron of the layer, found at stimulus_epoch (search.sign -1: lowest); of either sign's images where a study looks for both", RATE, rate(layout, layer)),
        "borrowed_neuron": Variable(dims, "int32", -1, "whose MEI that is"),
        "borrowed_search": Variable(dims, str, "", "search that found it"),
        "borrowed_repeat": Variable(dims, "int16", -1, "repeat that found it"),
    }  # fmt: skip


_Asked = partial(Group, when=_compares, condition="analysis.cross", of_searches=True)
CROSS = (
    _Asked("cross", "whether the network of `epoch` was shown the MEIs of `stimulus_epoch`", same(_CROSSED)),
    _Asked(of_layers("cross"), "each neuron's answers, at one epoch, to its own MEIs of another", _own, mark=CROSSED),
    _Asked("borrowed", "whether the other neurons' answers to them are noted", same(_COMPARED)),
    _Asked(of_layers("borrowed"), "each neuron's best answer, at one epoch, to the other neurons' MEIs of another", _others, mark=BORROWED),
)  # fmt: skip
