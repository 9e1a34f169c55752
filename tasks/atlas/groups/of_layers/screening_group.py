"""The stimuli shown once per epoch and repeat, and every neuron's answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeatlas.tasks.atlas.groups.axes import AxisLabels
from spikeatlas.tasks.atlas.groups.base import (
    GREY,
    PIXELS,
    RATE,
    Group,
    Variable,
    of_layers,
    same,
)
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import rate
from spikeatlas.tasks.atlas.groups.progress_group import SCREENED
from spikeatlas.tasks.atlas.layout import Layout

STIMULI = ("epoch", "stimulus")

_IMAGES = {
    "screening_image": Variable((*STIMULI, *PIXELS), "uint8", 0, "screening stimulus", units=GREY)
}


def _latents(layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    return {
        "screening_latent": Variable((*STIMULI, "latent_dim"), layout.latent_dtype, 0, "latent of a screening stimulus", "the generator's input that made the image"),
    }  # fmt: skip


def _responses(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "screening_response": Variable((*STIMULI, "neuron"), "float32", np.nan, "response to a screening stimulus", "", RATE, rate(layout, layer)),
    }  # fmt: skip


def _repeats(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    repeats = [repeat for repeat in range(layout.repeats) for _ in range(layout.screening)]
    return {"stimulus_repeat": AxisLabels("stimulus", repeats, "repeat", "that it belongs to")}


SCREENING = (
    Group(of_layers("screening"), "all neurons' answers to the stimuli that are shown once per epoch and repeat (`stimulus_repeat`)", _responses, _repeats, mark=SCREENED, of_searches=True),
    Group("screening_image", "these stimuli", same(_IMAGES), _repeats, mark=SCREENED, of_searches=True),
    Group("screening_latent", "their latents", _latents, _repeats, mark=SCREENED, of_searches=True),
)  # fmt: skip
