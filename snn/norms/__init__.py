"""Normalisations of a layer's currents: one file a member, one table."""

from __future__ import annotations

from spikeatlas.snn.norms.base import Norm, NormSite, NormSpec, scaled
from spikeatlas.snn.norms.identity import NoNorm
from spikeatlas.snn.registry import Family

NORMS: Family[NormSpec] = Family(
    "normalisation",
    NormSpec,  # type: ignore[type-abstract]
    {"none": NoNorm},
)
"""``network.norm`` of a study."""


__all__ = ["NORMS", "NoNorm", "Norm", "NormSite", "NormSpec", "scaled"]
