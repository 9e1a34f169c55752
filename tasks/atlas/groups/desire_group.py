"""The wishes that desire backpropagation has of each neuron."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import ROLE, ROWS, Column, Group, Variable, rows, same
from spikeatlas.tasks.atlas.groups.progress_group import OBSERVED

_DESIRE = {
    "desire_more": Variable(ROWS, "float32", np.nan, "wished to spike", "share of test images for which the training would have the neuron spike more, were they taught with their own labels; 0 to 1"),
    "desire_less": Variable(ROWS, "float32", np.nan, "wished not to spike", "share of test images for which it would have it spike less; for the others it leaves it alone"),
    "desire_vain": Variable(ROWS, "float32", np.nan, "wished to spike in vain", "share of test images for which the neuron is wished to spike, but has no spike: it would learn nothing from that"),
}  # fmt: skip

DESIRE = Group(
    "desire",
    "what desire backpropagation wishes of each neuron, without dropout",
    same(_DESIRE),
    rows,
    mark=OBSERVED,
    when=lambda layout: layout.desires,
    condition="training.method: desire",
    columns=(
        Column("desire_more", "wished to spike", ROLE),
        Column("desire_less", "wished not to spike", ROLE),
        Column("desire_vain", "wished to spike in vain", ROLE),
    ),
)
