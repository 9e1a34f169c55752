"""The number of each neuron that counts as 1 in its responses, where these are relative."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeatlas.tasks.atlas.groups.base import ROWS, Group, Variable, of_layers
from spikeatlas.tasks.atlas.groups.progress_group import OBSERVED
from spikeatlas.tasks.atlas.layout import Layout


def _reference(layout: Layout, layer: str | None) -> Mapping[str, Variable]:
    if layer not in layout.references:
        return {}
    return {
        "reference": Variable(ROWS, "float32", np.nan, "activity that counts as 1", "mean activity that one natural image in a hundred (network.reference) reaches; a response times this is the network's own number"),
    }  # fmt: skip


REFERENCE = Group(
    of_layers("reference"),
    "of each neuron of a layer that does not spike: what counts as 1",
    _reference,
    mark=OBSERVED,
    when=lambda layout: bool(layout.references),
    condition="layers that do not spike",
)
