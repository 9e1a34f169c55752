"""Hoyer's sparseness over images."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity.measures.base import Measure
from spikeatlas.snn.selectivity.sparseness import hoyer
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole


@dataclass(frozen=True, config=SPEC)
class HoyerSparseness(Measure):
    """Hoyer's sparseness over images (Hoyer 2004, JMLR 5), by ``hoyer``."""

    kind: Literal["hoyer_sparseness"] = "hoyer_sparseness"
    """``hoyer_sparseness``: the same, less steep near 1."""
    variable: ClassVar[str] = "hoyer_sparseness"
    long_name: ClassVar[str] = "Hoyer sparseness"
    of_shares: ClassVar[bool] = True
    comment: ClassVar[str] = (
        "Hoyer's sparseness over test images; 0 to 1; undefined where any response is negative, or may be"
    )

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,)."""
        del labels, first, classes
        return hoyer(responses, axis=0)
