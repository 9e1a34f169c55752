"""A layer's group: what every search found, and what each neuron answers to test images."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    LAYERS,
    RATE,
    ROWS,
    SEARCHES,
    AxisLabels,
    Group,
    Variable,
    classes,
    epochs,
    flags,
    searches,
)
from spikeatlas.tasks.atlas.layout import Layout, queries

STATUS = ("pending", "done", "silent", "saturated", "failed", "unplanned")
"""Meanings of ``status``: ``silent`` never answered (best response 0), ``saturated`` answers with 1; where the
least exciting image is searched: did so to every image of the search. ``unplanned``: a repeat that the study
wants at other epochs only (search.repeats_at)."""
PENDING, DONE, SILENT, SATURATED, FAILED, UNPLANNED = range(6)
UNSETTLED = (PENDING, FAILED, UNPLANNED)
"""States without a result."""

LANES = ("cold", "warm")
"""Meanings of ``lane``: a search that knew nothing of other epochs, and one that started from the last."""

GREY = "grey level (0 to 255)"


def _found(layout: Layout) -> dict[str, Variable]:
    return {
        "mei": Variable((*SEARCHES, "channel", "y", "x"), "uint8", 0, "most exciting image (search.sign -1: least exciting): the stimulus itself", GREY),
        "latent": Variable((*SEARCHES, "latent"), layout.latent_dtype, 0, "the generator's input that made the image"),
        "response": Variable(SEARCHES, "float32", np.nan, "spike rate in answer to mei, measured after the search (stochastic coding: over 4 x search.presentations showings that no choice rests on)", RATE),
        "search_response": Variable(SEARCHES, "float32", np.nan, "spike rate to the best image, as the search saw it", RATE),
        "queries": Variable(SEARCHES, "int32", 0, "images shown for this neuron", "image"),
        "seed": Variable(SEARCHES, "int64", -1, "seed of this search"),
        "seconds": Variable(SEARCHES, "float32", np.nan, "the task's time divided by its searches", "s"),
        "history": Variable((*SEARCHES, "query"), "float32", np.nan, "best spike rate after so many images (search.naturalness: best of what the search was told, in units of the best test image's response)", RATE),
        "status": Variable(SEARCHES, "uint8", PENDING, "state of the search", extra=flags(STATUS)),
    }  # fmt: skip


def _warm_start(layout: Layout) -> dict[str, Variable]:
    searched = {
        "cold": "the cold lane, which knows nothing of other epochs",
        "warm": "the warm lane, started from the MEI of the epoch before (none at the first epoch)",
    }
    variables = {"lane": Variable(SEARCHES, "uint8", 0, "lane that found mei", extra=flags(LANES))}
    for lane, text in searched.items():
        variables |= {
            f"{lane}_mei": Variable((*SEARCHES, "channel", "y", "x"), "uint8", 0, f"best stimulus of {text}", GREY),
            f"{lane}_latent": Variable((*SEARCHES, "latent"), layout.latent_dtype, 0, f"latent of the best stimulus of {text}"),
            f"{lane}_response": Variable(SEARCHES, "float32", np.nan, f"spike rate to the best stimulus of {text}, measured as response is", RATE),
        }  # fmt: skip
    return variables


def _diverse(layout: Layout) -> dict[str, Variable]:
    return {
        "diverse": Variable((*SEARCHES, "rank", "channel", "y", "x"), "uint8", 0, "stimuli with nearly the response of mei that differ most", GREY),
        "diverse_latent": Variable((*SEARCHES, "rank", "latent"), layout.latent_dtype, 0, "the generator's inputs that made them"),
        "diverse_response": Variable((*SEARCHES, "rank"), "float32", np.nan, "spike rates to them, measured after the search: at least 0.85 of response (search.sign -1: at most 1 / 0.85)", RATE),
        "diverse_count": Variable(SEARCHES, "int32", 0, "how many were found, of search.diverse", "image"),
    }  # fmt: skip


def _observed(_layout: Layout) -> dict[str, Variable]:
    return {
        "natural_response": Variable((*ROWS, "class"), "float32", np.nan, "mean spike rate to the test images of a class", RATE),
        "natural_half_response": Variable((*ROWS, "half", "class"), "float32", np.nan, "mean spike rate to one half of a class's test images", RATE),
        "natural_active": Variable(ROWS, "int32", 0, "test images answered with at least one spike", "image"),
        "natural_top": Variable((*ROWS, "rank"), "int32", -1, "indices of the most exciting test images"),
        "natural_top_response": Variable((*ROWS, "rank"), "float32", np.nan, "spike rates to the most exciting test images", RATE),
    }  # fmt: skip


def _labels(layout: Layout, layer: str | None) -> dict[str, AxisLabels]:
    assert layer is not None
    return {
        **epochs(layout),
        **classes(layout),
        **searches(layout),
        "neuron": AxisLabels("neuron", layout.layers[layer], "channel or unit of the layer"),
        "query": AxisLabels("query", queries(layout.budget), "images shown", "image"),
    }


FOUND = Group(
    LAYERS,
    "the best image of each search, and the state of the search",
    _found,
    _labels,
    mark="status",
    first=True,
)
WARM_START = Group(
    LAYERS,
    "both searches of a study with a warm start; `mei` is the better one's",
    _warm_start,
    mark="status",
    when=lambda layout: layout.warm_start,
    condition="search.warm_start",
)
DIVERSE = Group(
    LAYERS,
    "further stimuli of each search, as different as possible, along the first `rank`s",
    _diverse,
    mark="status",
    when=lambda layout: bool(layout.diverse),
    condition="search.diverse",
)
OBSERVED = Group(
    LAYERS,
    "each neuron's answers to test images, by class and half, and the best of them",
    _observed,
    mark="observed",
    first=True,
)
