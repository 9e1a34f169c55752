"""The searches of a layer: what each found, and its state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    GREY,
    PIXELS,
    RATE,
    SEARCHES,
    Group,
    Variable,
    flags,
    of_layers,
    same,
)
from spikeatlas.tasks.atlas.layout import Layout

STATUS = ("pending", "done", "silent", "saturated", "failed", "unplanned")
"""Meanings of ``status``: ``silent`` never answered (best response 0), ``saturated`` answers with 1; where the
least exciting image is searched: did so to every image of the search, or, saturated, answers with the unit's bottom
where that is below 0. Where responses may be below 0, silent: answered every image of the search with 0.
``unplanned``: a repeat that the study wants at other epochs only (search.repeats_at)."""
PENDING, DONE, SILENT, SATURATED, FAILED, UNPLANNED = range(6)
UNSETTLED = (PENDING, FAILED, UNPLANNED)
"""States without a result."""

LANES = ("cold", "warm")
"""Meanings of ``lane``: a search that knew nothing of other epochs, and one that started from the last."""

_SEARCHED = {
    "cold": "the cold search, which knows nothing of other epochs",
    "warm": "the warm search, which starts from the MEI of the epoch before (none at the first epoch)",
}

LAYER = of_layers("layers")


def rate(layout: Layout, layer: str | None) -> dict[str, Any]:
    """Return the attributes of responses: their unit if they are no rates, and what one spike adds to them."""
    step = layout.spike_steps.get(layer or "")
    return {**unit(layout, layer), **({} if step is None else {"spike_step": step})}


def unit(layout: Layout, layer: str | None) -> dict[str, Any]:
    """Return the attributes that say in which unit a layer's responses are, and from where to where, if not 0 to 1."""
    other = layout.units.get(layer or "")
    if other is None:
        return {}
    ends = {"valid_min": other.bottom, "valid_max": other.top}
    return {"units": other.name, **{name: end for name, end in ends.items() if end is not None}}


def _searches(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    step = rate(layout, layer)
    return {
        "response": Variable(SEARCHES, "float32", np.nan, "response to the MEI", "measured after the search (stochastic coding: over 4 x search.presentations showings that no choice rests on)", RATE, step),
        "search_response": Variable(SEARCHES, "float32", np.nan, "response in the search", "to the best image, as the search saw it", RATE, step),
        "images_shown": Variable(SEARCHES, "int32", 0, "images shown", "for this neuron", "image"),
        "seed": Variable(SEARCHES, "int64", 0, "seed of the search", "0: none is done"),
        "seconds": Variable(SEARCHES, "float32", np.nan, "time", "the task's, divided by its searches", "s"),
        "status": Variable(SEARCHES, "uint8", PENDING, "state of the search", extra=flags(STATUS)),
    }  # fmt: skip


_IMAGE = {
    "mei": Variable((*SEARCHES, *PIXELS), "uint8", 0, "most exciting image", "the best stimulus that the search found (of a search of sign -1: the least exciting one); zeros where the status is silent: it found none", GREY),
}  # fmt: skip


def _latent(layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    return {
        "latent": Variable((*SEARCHES, "latent_dim"), layout.latent_dtype, 0, "latent", "the generator's input that made the image"),
    }  # fmt: skip


def _history(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "history": Variable((*SEARCHES, "images"), "float32", np.nan, "best response so far", "after so many images (search.naturalness: best of what the search was told, in units of the best test image's response)", RATE, unit(layout, layer)),
    }  # fmt: skip


def _lanes(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    lanes = {
        f"{lane}_response": Variable(SEARCHES, "float32", np.nan, f"response, {lane} search", f"to the best stimulus of {text}, measured as response is", RATE, rate(layout, layer))
        for lane, text in _SEARCHED.items()
    }  # fmt: skip
    return {"lane": Variable(SEARCHES, "uint8", 0, "search that found mei", extra=flags(LANES)), **lanes}  # fmt: skip


_LANE_IMAGES = {
    f"{lane}_mei": Variable((*SEARCHES, *PIXELS), "uint8", 0, f"best image, {lane} search", f"best stimulus of {text}; zeros where the neuron answered none", GREY)
    for lane, text in _SEARCHED.items()
}  # fmt: skip


def _lane_latents(layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    return {
        f"{lane}_latent": Variable((*SEARCHES, "latent_dim"), layout.latent_dtype, 0, f"latent, {lane} search", f"of the best stimulus of {text}")
        for lane, text in _SEARCHED.items()
    }  # fmt: skip


_DRIVE = {
    "drive": Variable(SEARCHES, "float32", np.nan, "largest drive", "the highest mean input current that any stimulus of the search gave the neuron, in thresholds (of a map, its best position's): how far from a response a silent neuron stayed", "1"),
}  # fmt: skip


def _margin(layout: Layout) -> bool:
    return layout.margin


def _warm(layout: Layout) -> bool:
    return layout.warm_start


FOUND = Group(
    LAYER,
    "each search in numbers: its best response, what it took, its state",
    _searches,
    mark="status",
    of_searches=True,
)
IMAGES = Group(
    of_layers("image"),
    "the best image of each search",
    same(_IMAGE),
    mark="status",
    of_searches=True,
)
LATENTS = Group(
    of_layers("latent"), "the latent of each best image", _latent, mark="status", of_searches=True
)
HISTORIES = Group(
    of_layers("history"), "the course of each search", _history, mark="status", of_searches=True
)

DRIVES = Group(
    LAYER,
    "how far each search drove its neuron",
    same(_DRIVE),
    mark="status",
    when=_margin,
    condition="search.response: margin",
    of_searches=True,
)

_Two = partial(Group, mark="status", when=_warm, condition="search.warm_start", of_searches=True)
WARM_START = (
    _Two(
        LAYER,
        "both searches of a study with a warm start; `mei` is the better one's",
        _lanes,
    ),
    _Two(of_layers("image"), "the best image of either", same(_LANE_IMAGES)),
    _Two(of_layers("latent"), "the latent of either", _lane_latents),
)
