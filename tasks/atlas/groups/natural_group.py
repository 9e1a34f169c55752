"""Answers of every neuron to each of the same test images, at every epoch."""

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


def _variables(layout: Layout) -> dict[str, Variable]:
    return {
        f"response_{layer}": Variable(("epoch", "image", f"neuron_{layer}"), "float32", np.nan, f"spike rates of {layer} to test images", RATE, {"coordinates": "label first"})
        for layer in layout.layers
    }  # fmt: skip


def _labels(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    return {
        **epochs(layout),
        "image": AxisLabels("image", layout.natural_images, "index among the test images"),
        "label": AxisLabels("image", layout.natural_labels, "class of the image, by its place in class"),
        "first": AxisLabels("image", layout.natural_first, "1: in the first half, 0: in the second"),
        **neurons_by_layer(layout),
    }  # fmt: skip


NATURAL = Group(
    "natural",
    "what each neuron answers to single test images, the same at every epoch; `label` is their class, `first` marks "
    "the half in which classes are chosen that the other half tests",
    _variables,
    _labels,
    mark="observed",
    when=lambda layout: bool(layout.natural_images),
)
