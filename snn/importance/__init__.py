"""Importance of neurons for what a network does: one file a member, one table."""

from __future__ import annotations

from spikeatlas.snn.importance.ablation import AblationSpec
from spikeatlas.snn.importance.base import ImportanceSpec
from spikeatlas.snn.registry import Family

IMPORTANCE: Family[ImportanceSpec] = Family(
    "importance",
    ImportanceSpec,  # type: ignore[type-abstract]
    {"ablation": AblationSpec},
)
"""``analysis.importance`` of a study."""


__all__ = ["IMPORTANCE", "AblationSpec", "ImportanceSpec"]
