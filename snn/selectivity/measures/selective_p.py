"""The test of selectivity."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity.measures.base import Measure
from spikeatlas.snn.selectivity.significance import selectivity_test
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole


@dataclass(frozen=True, config=SPEC)
class SelectiveP(Measure):
    """p of ``selectivity_test`` (Welch 1947): that a neuron that knows no class looks as selective."""

    kind: Literal["selective_p"] = "selective_p"
    """``selective_p``: is the neuron selective at all."""
    variable: ClassVar[str] = "selective_p"
    long_name: ClassVar[str] = "p of being selective"
    comment: ClassVar[str] = (
        "of the test that the preferred class, chosen on one half, drives the neuron more "
        "than the others on the other half (Welch, both ways)"
    )

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,)."""
        return selectivity_test(responses, labels, first, classes)
