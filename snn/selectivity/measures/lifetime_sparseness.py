"""Treves-Rolls sparseness over images."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity.measures.base import Measure
from spikeatlas.snn.selectivity.sparseness import treves_rolls
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole


@dataclass(frozen=True, config=SPEC)
class LifetimeSparseness(Measure):
    """Treves-Rolls sparseness over images (Rolls & Tovee 1995; Vinje & Gallant 2000), by ``treves_rolls``."""

    kind: Literal["lifetime_sparseness"] = "lifetime_sparseness"
    """``lifetime_sparseness``: do few images carry the response."""
    variable: ClassVar[str] = "lifetime_sparseness"
    long_name: ClassVar[str] = "lifetime sparseness"
    of_shares: ClassVar[bool] = True
    comment: ClassVar[str] = (
        "Treves-Rolls sparseness over test images; 0 (flat) to 1 (one image); undefined where any "
        "response is negative, or may be"
    )

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,)."""
        del labels, first, classes
        return treves_rolls(responses, axis=0)
