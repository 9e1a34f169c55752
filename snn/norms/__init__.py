"""Normalisations of a layer's currents: one file a member, one table."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator, SerializeAsAny

from spikeatlas.snn.norms.base import Norm, NormSpec
from spikeatlas.snn.norms.identity import NoNorm
from spikeatlas.snn.registry import Family

NORMS = Family("normalisation", NormSpec, {"none": NoNorm})

Normalisation = Annotated[
    SerializeAsAny[NormSpec],
    PlainValidator(NORMS.read, json_schema_input_type=str | dict[str, Any]),
]
"""Of a study: its name, or a mapping with its kind."""

__all__ = ["NORMS", "NoNorm", "Norm", "NormSpec", "Normalisation"]
