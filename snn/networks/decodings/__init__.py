"""Decodings, how a network's output is read: one file a member, one table."""

from __future__ import annotations

from spikeatlas.snn.networks.decodings.base import DecodingSpec, OutputReadout, PlainReadout
from spikeatlas.snn.networks.decodings.mean import MeanDecoding
from spikeatlas.snn.networks.decodings.membrane import MembraneDecoding
from spikeatlas.snn.networks.decodings.population_decoding import PopulationDecoding
from spikeatlas.snn.networks.decodings.rate import RateDecoding
from spikeatlas.snn.networks.decodings.weighted_rate import WeightedRateDecoding
from spikeatlas.snn.registry import Family

DECODINGS: Family[DecodingSpec] = Family(
    "decoding",
    DecodingSpec,  # type: ignore[type-abstract]
    {
        "rate": RateDecoding,
        "mean": MeanDecoding,
        "weighted-rate": WeightedRateDecoding,
        "membrane": MembraneDecoding,
        "population": PopulationDecoding,
    },
)
"""``network.decoding`` of a study."""

__all__ = [
    "DECODINGS",
    "DecodingSpec",
    "MeanDecoding",
    "MembraneDecoding",
    "OutputReadout",
    "PlainReadout",
    "PopulationDecoding",
    "RateDecoding",
    "WeightedRateDecoding",
]
