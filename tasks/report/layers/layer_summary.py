"""One layer of an atlas as the pages show it: plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spikeatlas.tasks.atlas import UNSETTLED
from spikeatlas.tasks.report.averages import Array
from spikeatlas.tasks.report.best_known import BestKnown
from spikeatlas.tasks.report.layers.diverse_stimuli import Diverse

RATIOS = ("natural_ratio", "random_ratio")
MEASURES = ("class_selectivity_index", "preferred_class", "mei_class", *RATIOS)
"""Measures of a neuron that every summary has."""


@dataclass(frozen=True, eq=False)
class LeastExciting:
    """The least exciting images of a layer's N neurons at E epochs, of a study that looked for both."""

    status: Array
    """(E, N) state of the best search for it; pending or failed where none has ended."""
    response: Array
    """(E, N) response to it."""
    place: Array
    """(E, N) place of that search among searches x repeats."""
    mei: Array
    """(E, N, channels, height, width) uint8."""


@dataclass(frozen=True, eq=False)
class LayerSummary:
    """One layer's neurons; E epochs, N neurons, C classes, R ranks. NaN and -1: not known (yet).

    Of an atlas without searches, all that is about them is empty or not known, and every ``status`` unplanned.
    """

    name: str
    neurons: tuple[int, ...]
    """Channel or unit of each of the N neurons."""
    status: Array
    """(E, N) state of the best search; pending or failed where none has ended."""
    response: Array
    """(E, N) response to the MEI; of an atlas without searches, to the best test image."""
    search: Array
    """(E, N) name of the search that found it, empty where none has."""
    repeat: Array
    """(E, N) repeat that found it."""
    place: Array
    """(E, N) place of that search among searches x repeats."""
    mei: Array
    """(E, N, channels, height, width) uint8."""
    measures: Mapping[str, Array]
    """The columns of ``/neurons`` that the analysis fills, (E, N) each."""
    tuning: Array
    """(E, N, C) mean response to the test images of each class."""
    top: Array
    """(E, N, R) indices of the best test images."""
    top_response: Array
    """(E, N, R) responses to them."""
    history: Array
    """(E, searches, counts) best so far, mean over neurons and repeats that have ended."""
    image_counts: Array
    """(counts,) images shown per neuron at each point of ``history``."""
    best_known: BestKnown
    """What beats the search."""
    spike_step: float | None
    """What one spike adds to a response; None: the atlas does not say."""
    diverse: Diverse | None
    """Stimuli unlike the MEIs that drive the neurons nearly as much; None where none were asked for."""
    least: LeastExciting | None
    """Their least exciting images; None where the study did not look for both."""
    screened: Array
    """(E,) best response to a screening stimulus, mean over neurons and repeats."""

    @property
    def settled(self) -> Array:
        """(E, N) true where a search of the neuron has ended."""
        return ~np.isin(self.status, UNSETTLED)
