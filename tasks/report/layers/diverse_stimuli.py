"""The diverse stimuli of an atlas: images unlike the MEIs that drive the neurons nearly as much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from spikeatlas.tasks.atlas import Tree, at_search, by_search, settled
from spikeatlas.tasks.report.averages import Array

KINDS = ("layers", "diverse", "diverse_image")
"""Groups of a layer that hold them."""


@dataclass(frozen=True, eq=False)
class Diverse:
    """Diverse stimuli of a layer's N neurons at one epoch, each neuron's of its best search."""

    row: int
    """Row of the epoch."""
    images: Array
    """(N, R, channels, height, width) uint8; the first ``counts`` of each neuron hold one."""
    responses: Array
    """(N, R)."""
    counts: Array
    """(N,)."""


def latest_diverse(tree: Tree, layer: str, place: Array) -> Diverse | None:
    """Read the diverse stimuli of the best searches at the last epoch where any search has ended."""
    group = tree.layer(layer, *KINDS)
    rows = np.flatnonzero(by_search(settled(group.status)).any(axis=(1, 2)))
    return diverse_at(group, place, int(rows.max())) if rows.size else None


def diverse_at(group: xr.Dataset, place: Array, row: int) -> Diverse:
    """Read the diverse stimuli of the searches at ``place`` (E, N), at one epoch."""
    epoch = group.isel(epoch=row)
    names = ("diverse", "diverse_response", "diverse_count")
    return Diverse(row, *(at_search(epoch[name], place[row]) for name in names))
