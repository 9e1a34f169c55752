"""A few neurons' diverse stimuli in a row: how much else drives a neuron nearly as much as its MEI."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeatlas.tasks.report.atlas_words import level
from spikeatlas.tasks.report.grid import PICTURED
from spikeatlas.tasks.report.key import epoch_names
from spikeatlas.tasks.report.layers import LayerSummary
from spikeatlas.tasks.report.pictures import Picture, data_uri, side
from spikeatlas.tasks.report.summary import Summary

SHOWN = 8
"""Neurons of a layer whose stimuli are shown: those with most of them, then the most responsive."""


@dataclass(frozen=True)
class Variety:
    """The rows of one layer."""

    epoch: str
    side: int
    rows: tuple[tuple[int, tuple[Picture, ...]], ...]
    """A neuron, and its MEI followed by its diverse stimuli."""


def layer_variety(summary: Summary, layer: LayerSummary) -> Variety | None:
    """Lay out the neurons to show; None where the study asked for no diverse stimuli, or none is found yet."""
    if layer.diverse is None:
        return None
    row, counts = layer.diverse.row, layer.diverse.counts
    score = summary.sign * np.nan_to_num(layer.response[row])
    pictured = np.isin(layer.status[row], PICTURED) & (counts > 0)
    order = np.lexsort((-score, -counts))
    places = [int(place) for place in order if pictured[place]][:SHOWN]
    rows = tuple((layer.neurons[place], _pictures(layer, place)) for place in sorted(places))
    return Variety(epoch_names(summary)[row], side(summary.picture[1]), rows) if rows else None


def _pictures(layer: LayerSummary, place: int) -> tuple[Picture, ...]:
    diverse = layer.diverse
    assert diverse is not None
    mei = Picture(
        data_uri(layer.mei[diverse.row, place]),
        "MEI",
        level(layer.response[diverse.row, place]),
    )
    others = (
        Picture(data_uri(diverse.images[place, rank]), "", level(diverse.responses[place, rank]))
        for rank in range(int(diverse.counts[place]))
    )
    return (mei, *others)
