"""Selectivity of neurons: pure functions of responses, class probabilities and images.

Everywhere ``responses`` (n, neurons) are answers to n natural images with ``labels`` (n,) in
0..classes-1, and ``first`` (n,) marks the images of the first half (``halves``). Responses are of any
unit, and may be negative: what is a share of a sum of them (the class selectivity index, sparseness) is
undefined for a neuron with any response below 0. Nothing is said about neurons that say nothing:
undefined is NaN, never a number.
"""

from __future__ import annotations

from spikeatlas.snn.selectivity.battery import measure, population
from spikeatlas.snn.selectivity.discrimination import auc, d_prime
from spikeatlas.snn.selectivity.images import compressed_size, spectrum_slope
from spikeatlas.snn.selectivity.information import mutual_information
from spikeatlas.snn.selectivity.measures import BUILT_IN, MEASURES, Measure, Quantity
from spikeatlas.snn.selectivity.population import dimensionality, signal_correlation
from spikeatlas.snn.selectivity.reading import (
    class_read,
    mango_relative_perplexity,
    relative_perplexity,
)
from spikeatlas.snn.selectivity.reliability import split_half
from spikeatlas.snn.selectivity.resampling import (
    IndexInterval,
    Shuffled,
    bootstrap_csi,
    shuffle_csi,
)
from spikeatlas.snn.selectivity.significance import discoveries, greater, q_values, selectivity_test
from spikeatlas.snn.selectivity.sparseness import hoyer, treves_rolls
from spikeatlas.snn.selectivity.streamed import StreamedTuning
from spikeatlas.snn.selectivity.tuning import (
    MINIMUM_ACTIVE,
    active_images,
    class_means,
    class_selectivity_index,
    half_means,
    halves,
    index_of_responses,
    preferred_class,
)

__all__ = [
    "BUILT_IN",
    "MEASURES",
    "MINIMUM_ACTIVE",
    "IndexInterval",
    "Measure",
    "Quantity",
    "Shuffled",
    "StreamedTuning",
    "active_images",
    "auc",
    "bootstrap_csi",
    "class_means",
    "class_read",
    "class_selectivity_index",
    "compressed_size",
    "d_prime",
    "dimensionality",
    "discoveries",
    "greater",
    "half_means",
    "halves",
    "hoyer",
    "index_of_responses",
    "mango_relative_perplexity",
    "measure",
    "mutual_information",
    "population",
    "preferred_class",
    "q_values",
    "relative_perplexity",
    "selectivity_test",
    "shuffle_csi",
    "signal_correlation",
    "spectrum_slope",
    "split_half",
    "treves_rolls",
]
