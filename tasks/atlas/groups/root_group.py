"""The root: the network's own progress, and the marks of the stages of every epoch."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import AxisLabels, Group, Variable, classes, epochs, flags
from spikeatlas.tasks.atlas.layout import Layout

FLAGS = ("trained", "observed", "screened", "analysed")
"""Marks over ``epoch``, each written last of its stage: with ``status`` the truth for resume."""


def _variables(_layout: Layout) -> dict[str, Variable]:
    return {
        "step": Variable(("epoch",), "int64", -1, "training steps taken", "step"),
        "images_seen": Variable(("epoch",), "int64", -1, "training images seen", "image"),
        "accuracy": Variable(("epoch",), "float32", np.nan, "test accuracy of the network"),
        "loss": Variable(("epoch",), "float32", np.nan, "mean test loss (cross-entropy of spike counts)", "nat"),
        "checkpoint_digest": Variable(("epoch",), str, "", "SHA-256 of the checkpoint file"),
        **{
            flag: Variable(("epoch",), "uint8", 0, f"whether the epoch is {flag}", extra=flags(("no", "yes")))
            for flag in FLAGS
        },
    }  # fmt: skip


def _labels(layout: Layout, _layer: str | None) -> dict[str, AxisLabels]:
    return epochs(layout) | classes(layout)


ROOT = Group(
    "",
    "the network's own progress, and the marks of every epoch's stages",
    _variables,
    _labels,
    first=True,
)
