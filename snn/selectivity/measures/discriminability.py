"""of the preferred class."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity.discrimination import d_prime
from spikeatlas.snn.selectivity.measures.base import Measure
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole


@dataclass(frozen=True, config=SPEC)
class DPrime(Measure):
    """of the preferred class against the rest (Green & Swets 1966), by ``d_prime``."""

    kind: Literal["d_prime"] = "d_prime"
    """``d_prime``: how well one response tells the preferred class."""
    variable: ClassVar[str] = "d_prime"
    long_name: ClassVar[str] = "d'"
    comment: ClassVar[str] = "of the preferred class (chosen on the other half) against the rest"
    units: ClassVar[str] = "standard deviation"

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,)."""
        return d_prime(responses, labels, first, classes)
