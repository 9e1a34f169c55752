"""The best image of each neuron, over methods and repeats: what is asked for most."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    GREY,
    PIXELS,
    RATE,
    ROWS,
    Group,
    Variable,
    of_layers,
)
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import STATUS, rate
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED, KNOWN
from spikeatlas.tasks.atlas.layout import Layout

SOURCES = ("search", "epoch", "neuron", "test image", "screening", "blank")
"""Origins of the best known image: the search itself, the MEI of another epoch, or of another neuron of the
layer, a test image, a screening stimulus, a blank image."""

BEST = of_layers("best")


def best_rows(step: Mapping[str, float]) -> dict[str, Variable]:
    """Return what is said of each neuron's best search, here and in ``/neurons``."""
    return {
        "response": Variable(ROWS, "float32", np.nan, "response to the MEI", "the highest of all searches for the most exciting image (search.sign -1: the lowest of all)", RATE, step),
        "best_search": Variable(ROWS, str, "", "search that found it"),
        "best_repeat": Variable(ROWS, "int16", -1, "repeat that found it"),
        "status": Variable(ROWS, str, "", "state of that search", "one of " + ", ".join(STATUS)),
    }  # fmt: skip


def known_rows(step: Mapping[str, float]) -> dict[str, Variable]:
    """Return what is said of the best known image of each neuron, here and in ``/neurons``."""
    return {
        "best_known": Variable(ROWS, "float32", np.nan, "best known response", "to any image that the network of this epoch was shown; above response where the search missed it (a stochastic coding: measured afresh)", RATE, step),
        "best_known_source": Variable(ROWS, str, "", "origin of the best known image", "one of " + ", ".join(SOURCES)),
    }  # fmt: skip


def _best(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    mei = Variable((*ROWS, *PIXELS), "uint8", 0, "most exciting image", "best found by any search at this epoch; zeros where the neuron is silent", GREY)  # fmt: skip
    return {"mei": mei, **best_rows(rate(layout, layer))}


def _known(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        **known_rows(rate(layout, layer)),
        "best_known_epoch": Variable(ROWS, "float64", np.nan, "epoch of the best known image", "where that is an MEI", "epoch"),
        "best_known_neuron": Variable(ROWS, "int32", -1, "neuron of the best known image", "where that is an MEI: whose"),
        "best_known_image": Variable(ROWS, "int32", -1, "index of the best known image", "among the test images, the screening stimuli or the blank images, where it is one of these"),
    }  # fmt: skip


FOUND_BEST = Group(
    BEST,
    "each neuron's best image, its response, and the search that found it",
    _best,
    mark=ANALYSED,
    of_searches=True,
)
KNOWN_BEST = Group(
    BEST,
    "the best known response, and where its image comes from, which tells how far the search is from done",
    _known,
    mark=KNOWN,
    of_searches=True,
)
