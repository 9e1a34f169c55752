"""The importance of a neuron: what the network loses with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    ROLE,
    ROWS,
    Column,
    Group,
    Variable,
    brought_rows,
    rows,
    same,
)
from spikeatlas.tasks.atlas.groups.progress_group import ABLATED
from spikeatlas.tasks.atlas.layout import Layout

_ABLATION = {
    "accuracy": Variable(ROWS, "float32", np.nan, "accuracy without the neuron", "on the same test images as intact_accuracy, while this neuron is silent"),
    "loss_increase": Variable(ROWS, "float32", np.nan, "rise of the loss", "of the mean cross-entropy of the scores of classes, while this neuron is silent", "nat"),
}  # fmt: skip


CLASSES = "importance/classes"
"""Path of the measures that are of each class, too."""


def _further(layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    return brought_rows(layout.importance)


def _of_classes(layout: Layout, _layer: str | None) -> Mapping[str, Variable]:
    return {
        array.name: Variable((*ROWS, "category"), "float32", np.nan, array.long_name, f"on the images of a category alone; {array.comment}", array.units)
        for array in layout.class_importance
    }  # fmt: skip


FURTHER_IMPORTANCE = Group(
    "importance",
    "further measures of importance (`analysis.importance`): `naa`, `magnitude`, `rate`, and the user's own",
    _further,
    rows,
    mark=ABLATED,
    when=lambda layout: layout.ablation and bool(layout.importance),
    condition="analysis.importance",
)
CLASS_IMPORTANCE = Group(
    CLASSES,
    "those of them that are a mean over images, here over the images of each class",
    _of_classes,
    rows,
    mark=ABLATED,
    when=lambda layout: layout.ablation and bool(layout.class_importance),
    condition="analysis.importance",
)
ABLATION = Group(
    "importance/ablation",
    "the network's accuracy and loss while one neuron is silent, against `intact_accuracy` of `/progress`",
    same(_ABLATION),
    rows,
    mark=ABLATED,
    when=lambda layout: layout.ablation,
    condition="analysis.ablation",
    columns=(
        Column("loss_increase", "importance (rise of the loss)", ROLE),
        Column("accuracy", "accuracy without the neuron", ROLE, "ablated_accuracy"),
    ),
)
