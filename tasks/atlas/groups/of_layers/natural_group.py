"""Answers of every neuron to test images, by class and one by one, and to blank images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeatlas.tasks.atlas.groups.axes import AxisLabels
from spikeatlas.tasks.atlas.groups.base import (
    GREY,
    PIXELS,
    RATE,
    ROWS,
    Group,
    Variable,
    of_layers,
)
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import rate
from spikeatlas.tasks.atlas.groups.progress_group import BLANKED, OBSERVED
from spikeatlas.tasks.atlas.layout import Layout

TEST_IMAGES = "test_images/test_image"
"""Path of the test images."""

IMAGES_OF_A_CHUNK = 500


def _classes(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "natural_response": Variable((*ROWS, "category"), "float32", np.nan, "response to a category", "mean over its test images", RATE, rate(layout, layer)),
    }  # fmt: skip


def _halves(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "natural_half_response": Variable((*ROWS, "half", "category"), "float32", np.nan, "response to half a category", "mean over one half of its test images", RATE, rate(layout, layer)),
    }  # fmt: skip


def _top(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "natural_top": Variable((*ROWS, "rank"), "int32", -1, "most exciting test images", "their indices, as in /test_images"),
        "natural_top_response": Variable((*ROWS, "rank"), "float32", np.nan, "response to a test image", "to the most exciting ones", RATE, rate(layout, layer)),
    }  # fmt: skip


def _single(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "natural_image_response": Variable(("epoch", "image", "neuron"), "float32", np.nan, "response to a test image", "", RATE, rate(layout, layer)),
    }  # fmt: skip


def _of_images(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    return {
        "label": AxisLabels("image", layout.natural_labels, "class of the image", "its place among the categories"),
        "first": AxisLabels("image", layout.natural_first, "first half", "1: in the half in which classes are chosen that the other half tests"),
    }  # fmt: skip


def _blank(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    return {
        "blank_response": Variable((*ROWS, "blank"), "float32", np.nan, "response to a blank image", "", RATE, rate(layout, layer)),
    }  # fmt: skip


def _pixels(layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    dims = ("image", "frame", *PIXELS) if layout.frames else ("image", *PIXELS)
    return {"test_image": Variable(dims, "uint8", 0, "test image", units=GREY)}


def _test_labels(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    return {
        "image": AxisLabels("image", range(len(layout.test_labels)), "test image", "its index"),
        "label": AxisLabels("image", layout.test_labels, "class of the image", "its place among the categories"),
    }  # fmt: skip


def _keeps_responses(layout: Layout) -> bool:
    return bool(layout.natural_images)


NATURAL = (
    Group(of_layers("natural"), "each neuron's mean answer to test images of each class", _classes, mark=OBSERVED),
    Group(of_layers("natural_half"), "the same in either half of the test images", _halves, mark=OBSERVED),
    Group(of_layers("natural_top"), "the test images that drive each neuron most", _top, mark=OBSERVED),
    Group(of_layers("natural_image"), "what each neuron answers to single test images, the same at every epoch; `label` is their class, `first` marks the half in which classes are chosen that the other half tests", _single, _of_images, mark=OBSERVED, when=_keeps_responses),
)  # fmt: skip
BLANK = Group(
    of_layers("blank"),
    "each neuron's answers to images with nothing in them, and to the mean of the test images",
    _blank,
    mark=BLANKED,
)
TEST = Group(
    "test_images",
    "the test images themselves, once",
    _pixels,
    _test_labels,
    when=lambda layout: bool(layout.test_labels),
)
