"""Measures of selectivity, one number a neuron each."""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.selectivity.measures.base import Controls, Measure, Quantity
from spikeatlas.snn.selectivity.measures.class_selectivity import ClassSelectivityIndex
from spikeatlas.snn.selectivity.measures.discriminability import DPrime
from spikeatlas.snn.selectivity.measures.hoyer_sparseness import HoyerSparseness
from spikeatlas.snn.selectivity.measures.lifetime_sparseness import LifetimeSparseness
from spikeatlas.snn.selectivity.measures.mutual_information import MutualInformation
from spikeatlas.snn.selectivity.measures.roc_area import ROCArea
from spikeatlas.snn.selectivity.measures.selective_p import SelectiveP
from spikeatlas.snn.selectivity.measures.split_half_reliability import SplitHalfReliability

MEASURES: Family[Measure] = Family(
    "measure of selectivity",
    Measure,  # type: ignore[type-abstract]
    {
        # in this order they draw from one generator
        "class_selectivity_index": ClassSelectivityIndex,
        "selective_p": SelectiveP,
        "lifetime_sparseness": LifetimeSparseness,
        "hoyer_sparseness": HoyerSparseness,
        "d_prime": DPrime,
        "auc": ROCArea,
        "mutual_information": MutualInformation,
        "split_half_reliability": SplitHalfReliability,
    },
)
"""``analysis.measures`` of a study."""

BUILT_IN: tuple[Measure, ...] = tuple(member() for member in MEASURES.members.values())
"""All measures that are built in."""

__all__ = ["BUILT_IN", "MEASURES", "Controls", "Measure", "Quantity"]
