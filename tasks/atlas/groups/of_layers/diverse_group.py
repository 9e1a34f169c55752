"""Further stimuli of each search, as different as possible."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    GREY,
    PIXELS,
    RATE,
    SEARCHES,
    Group,
    Variable,
    of_layers,
    same,
)
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import LAYER, rate
from spikeatlas.tasks.atlas.layout import Layout

ALTERNATIVES = (*SEARCHES, "alternative")


def _responses(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "diverse_response": Variable(ALTERNATIVES, "float32", np.nan, "response to a diverse stimulus", "measured after the search: at least 0.85 of response (search.sign -1: at most 1 / 0.85)", RATE, rate(layout, layer)),
    }  # fmt: skip


_IMAGES = {
    "diverse": Variable((*ALTERNATIVES, *PIXELS), "uint8", 0, "diverse stimuli", "with nearly the response of mei, that differ most; the first diverse_count hold one", GREY),
}  # fmt: skip


def _latents(layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    return {
        "diverse_latent": Variable((*ALTERNATIVES, "latent_dim"), layout.latent_dtype, 0, "latents of diverse stimuli", "the generator's inputs that made them"),
    }  # fmt: skip


_COUNT = {
    "diverse_count": Variable(SEARCHES, "int32", 0, "diverse stimuli", "found, of search.diverse", "image"),
}  # fmt: skip


def _asked(layout: Layout) -> bool:
    return bool(layout.diverse)


_Asked = partial(Group, mark="status", when=_asked, condition="search.diverse", of_searches=True)
DIVERSE = (
    _Asked(LAYER, "how many further stimuli were found", same(_COUNT)),
    _Asked(of_layers("diverse"), "responses to further stimuli of each search, as different as possible", _responses),
    _Asked(of_layers("diverse_image"), "these stimuli", same(_IMAGES)),
    _Asked(of_layers("diverse_latent"), "their latents", _latents),
)  # fmt: skip
