"""Reliability of the class tuning."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity.measures.base import Measure
from spikeatlas.snn.selectivity.reliability import split_half
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole, half_means


@dataclass(frozen=True, config=SPEC)
class SplitHalfReliability(Measure):
    """Correlation of the tuning of the two halves of the images (Spearman 1910, Brown 1910), by ``split_half``."""

    kind: Literal["split_half_reliability"] = "split_half_reliability"
    """``split_half_reliability``: does the tuning come back on other images."""
    variable: ClassVar[str] = "split_half_reliability"
    long_name: ClassVar[str] = "split-half reliability"
    comment: ClassVar[str] = (
        "correlation of the class tuning of the two halves of the images, Spearman-Brown corrected"
    )

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,)."""
        return split_half(half_means(responses, labels, first, classes))
