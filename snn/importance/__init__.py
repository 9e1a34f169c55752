"""Importance of neurons for what a network does: one file a member, one table."""

from __future__ import annotations

from spikeatlas.snn.importance.ablation import AblationSpec
from spikeatlas.snn.importance.base import (
    ImageImportanceSpec,
    ImportanceSite,
    ImportanceSpec,
    class_means,
)
from spikeatlas.snn.importance.magnitude import MagnitudeSpec
from spikeatlas.snn.importance.naa import NaaSpec
from spikeatlas.snn.importance.rate_importance import RateSpec
from spikeatlas.snn.registry import Family

IMPORTANCE: Family[ImportanceSpec] = Family(
    "importance",
    ImportanceSpec,  # type: ignore[type-abstract]
    {
        "ablation": AblationSpec,
        "naa": NaaSpec,
        "magnitude": MagnitudeSpec,
        "rate": RateSpec,
    },
)
"""``analysis.importance`` of a study."""


__all__ = [
    "IMPORTANCE",
    "AblationSpec",
    "ImageImportanceSpec",
    "ImportanceSite",
    "ImportanceSpec",
    "MagnitudeSpec",
    "NaaSpec",
    "RateSpec",
    "class_means",
]
