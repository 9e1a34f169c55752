"""Normalisations of a layer's currents: one file a member, one table."""

from __future__ import annotations

from spikeatlas.snn.norms.base import Norm, NormSite, NormSpec, scaled
from spikeatlas.snn.norms.batch import BatchNorm
from spikeatlas.snn.norms.bntt import BatchNormThroughTime
from spikeatlas.snn.norms.divisive import Divisive
from spikeatlas.snn.norms.hah import HahBlock
from spikeatlas.snn.norms.identity import NoNorm
from spikeatlas.snn.norms.sequence import NormRow
from spikeatlas.snn.norms.sparsify import Sparsify
from spikeatlas.snn.norms.weight_l2 import WeightNorm
from spikeatlas.snn.registry import Family

NORMS: Family[NormSpec] = Family(
    "normalisation",
    NormSpec,  # type: ignore[type-abstract]
    {
        "none": NoNorm,
        "batch": BatchNorm,
        "bntt": BatchNormThroughTime,
        "weight-l2": WeightNorm,
        "divisive": Divisive,
        "sparsify": Sparsify,
        "hah": HahBlock,
        "sequence": NormRow,
    },
)
"""``network.norm`` of a study."""


__all__ = ["NORMS", "NoNorm", "Norm", "NormSite", "NormSpec", "scaled"]
