"""Importance of neurons for what a network does: one file a member, one table."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator, SerializeAsAny

from spikeatlas.snn.importance.ablation import AblationSpec
from spikeatlas.snn.importance.base import ImportanceSpec
from spikeatlas.snn.registry import Family

IMPORTANCE = Family("importance", ImportanceSpec, {"ablation": AblationSpec})

Importance = Annotated[
    SerializeAsAny[ImportanceSpec],
    PlainValidator(IMPORTANCE.read, json_schema_input_type=str | dict[str, Any]),
]
"""Of a study: its name, or a mapping with its kind."""

__all__ = ["IMPORTANCE", "AblationSpec", "Importance", "ImportanceSpec"]
