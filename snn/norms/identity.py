"""No normalisation: neurons get the currents as they are."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.norms.base import NormSite, NormSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class NoNorm(NormSpec):
    """Currents as they are."""

    kind: Literal["none"] = "none"

    def build(self, site: NormSite) -> None:
        """Make nothing."""
        del site
