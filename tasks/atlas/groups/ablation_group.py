"""The network's loss of a neuron."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    ROLE,
    ROWS,
    TABLE,
    Column,
    Group,
    Variable,
    brought_rows,
    flags,
    table_rows,
)
from spikeatlas.tasks.atlas.layout import Layout


def _variables(_layout: Layout) -> dict[str, Variable]:
    return {
        "ablated": Variable(("epoch",), "uint8", 0, "whether the epoch's neurons were silenced one by one", extra=flags(("no", "yes"))),
        "intact_accuracy": Variable(("epoch",), "float32", np.nan, "accuracy of the whole network on the test images of the ablation"),
        "accuracy": Variable(ROWS, "float32", np.nan, "accuracy on the same images while this neuron is silent", extra=TABLE),
        "loss_increase": Variable(ROWS, "float32", np.nan, "mean rise of the loss (cross-entropy of spike counts) while this neuron is silent", "nat", TABLE),
    }  # fmt: skip


def _brought(layout: Layout) -> dict[str, Variable]:
    return brought_rows(layout.importance)


BROUGHT_IMPORTANCE = Group(
    "ablation",
    "measures of importance of the user's own (analysis.importance), under their own names",
    _brought,
    mark="ablation/ablated",
    when=lambda layout: layout.ablation and bool(layout.importance),
    condition="analysis.importance",
)
ABLATION = Group(
    "ablation",
    "the network's accuracy and loss while one neuron is silent, against `intact_accuracy`",
    _variables,
    table_rows,
    mark="ablation/ablated",
    when=lambda layout: layout.ablation,
    condition="analysis.ablation",
    columns=(
        Column("loss_increase", "importance (rise of the loss)", ROLE),
        Column("accuracy", "accuracy without the neuron", ROLE, "ablated_accuracy"),
    ),
)
