"""The life of units: which training has cut out, which no image can drive, and what drives the others."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.life import VERDICTS
from spikeatlas.tasks.atlas.groups.base import (
    GREY,
    PIXELS,
    PROGRESS,
    ROWS,
    Group,
    Variable,
    flags,
    mark,
    rows,
    same,
)
from spikeatlas.tasks.atlas.layout import Layout

LIVED = f"{PROGRESS}/lived"
"""The mark of epochs whose units are judged."""

_LIFE = {
    "verdict": Variable(ROWS, "uint8", 0, "verdict on the neuron", "live: natural images drive it; dormant: none does, but a search found a stimulus that drives it; undriven: no search found one, which is no proof that there is none; dead: certified, no image drives it; cut: training has cut it out; unasked: an output", extra=flags(VERDICTS)),
    "bound": Variable(ROWS, "float32", np.nan, "bound of the response", "certified for all images, by interval arithmetic through the layers; 0: dead or cut; infinite where nothing is known"),
    "drive": Variable(ROWS, "float32", np.nan, "largest drive found", "of neurons that were searched for: the current, as the neuron gets it, averaged over time and largest over the map"),
    "response": Variable(ROWS, "float32", np.nan, "response to the stimulus", "of dormant neurons"),
    "typicality": Variable(ROWS, "float32", np.nan, "typicality of the stimulus", "of dormant neurons, as in /naturalness; undefined where the generator has none, and for black and white images that follow the first layer's weights"),
    "searches": Variable(ROWS, "int32", 0, "searches", "of the drive, by the study's first method; 0 where an image of the study's own searches, of any method, drives the neuron"),
    "budget": Variable(ROWS, "int32", 0, "budget of each", "", "image"),
    "guided": Variable(ROWS, "int32", 0, "budget of the gradient's guide", "it climbs the drive where all searches failed; 0 where they did not, and where it cannot: where the coding or the spikes before the layer have no gradient, or the generator none of ours", "image"),
}  # fmt: skip
_STIMULI = {
    "stimulus": Variable((*ROWS, *PIXELS), "uint8", 0, "stimulus of a dormant neuron", "black for all others", GREY),
}  # fmt: skip


def _is_judged(layout: Layout) -> bool:
    return layout.life


LIFE = Group(
    "life",
    "the verdict on each neuron: live, dormant, undriven, dead or cut",
    same(_LIFE),
    rows,
    mark=LIVED,
    when=_is_judged,
    condition="analysis.life",
)
LIFE_STIMULI = Group(
    "life/stimuli",
    "what drives dormant neurons",
    same(_STIMULI),
    rows,
    mark=LIVED,
    when=_is_judged,
    condition="analysis.life",
)
JUDGED = Group(
    PROGRESS,
    "whether the life of neurons was judged",
    same({"lived": mark("neurons were judged")}),
    mark=LIVED,
    when=_is_judged,
    condition="analysis.life",
)
