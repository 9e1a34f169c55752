"""The stimuli shown once per epoch and repeat, and every neuron's answers."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    RATE,
    AxisLabels,
    Group,
    Variable,
    epochs,
    neurons_by_layer,
)
from spikeatlas.tasks.atlas.layout import Layout

SHOWN = {"coordinates": "repeat"}
"""CF attribute of arrays over screening stimuli: the repeat that each belongs to."""


def _variables(layout: Layout) -> dict[str, Variable]:
    return {
        "image": Variable(("epoch", "stimulus", "channel", "y", "x"), "uint8", 0, "screening stimulus", "grey level (0 to 255)", SHOWN),
        "latent": Variable(("epoch", "stimulus", "latent"), layout.latent_dtype, 0, "the generator's input that made the image", extra=SHOWN),
        **{
            f"response_{layer}": Variable(("epoch", "stimulus", f"neuron_{layer}"), "float32", np.nan, f"spike rates of {layer}", RATE, SHOWN)
            for layer in layout.layers
        },
    }  # fmt: skip


def _labels(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    repeats = [repeat for repeat in range(layout.repeats) for _ in range(layout.screening)]
    return {
        **epochs(layout),
        "repeat": AxisLabels("stimulus", repeats, "repeat that the stimulus belongs to"),
        **neurons_by_layer(layout),
    }


SCREENING = Group(
    "screening",
    "stimuli shown once per epoch and repeat (`repeat` labels each stimulus), and all responses to them",
    _variables,
    _labels,
    mark="screened",
    first=True,
)
