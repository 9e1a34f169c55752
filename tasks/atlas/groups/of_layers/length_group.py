"""Answers of every neuron to stimuli that are shown for other numbers of time steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeatlas.tasks.atlas.groups.base import RATE, ROWS, Group, Variable, of_layers
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import unit
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED
from spikeatlas.tasks.atlas.layout import Layout

_PATH = of_layers("lengths")
_CATEGORIES = of_layers("length_categories")


def _of_categories(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "length_category_response": Variable((*ROWS, "length", "category"), "float32", np.nan, "response to a category by length", "mean over the test images whose single responses are kept", RATE, unit(layout, layer)),
    }  # fmt: skip


def _of_natural(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "length_natural_response": Variable((*ROWS, "length"), "float32", np.nan, "response to the best image by length", "of natural_top, rank 0: the most exciting test image at the network's own number of time steps", RATE, unit(layout, layer)),
    }  # fmt: skip


def _of_meis(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "length_response": Variable((*ROWS, "length"), "float32", np.nan, "response to the MEI by length", "of /best, found at the network's own number of time steps; undefined where the neuron is silent", RATE, unit(layout, layer)),
    }  # fmt: skip


def _shows(layout: Layout) -> bool:
    return bool(layout.lengths)


LENGTHS = (
    Group(
        _CATEGORIES,
        "each neuron's answers to the classes of test images that are shown for other numbers of time steps",
        _of_categories,
        mark=ANALYSED,
        when=_shows,
        condition="analysis.lengths",
    ),
    Group(
        _PATH,
        "its answers to the most exciting of these images, shown likewise",
        _of_natural,
        mark=ANALYSED,
        when=_shows,
        condition="analysis.lengths",
    ),
    Group(
        _PATH,
        "its answers to its MEI, shown likewise",
        _of_meis,
        mark=ANALYSED,
        when=_shows,
        condition="analysis.lengths",
        of_searches=True,
    ),
)
