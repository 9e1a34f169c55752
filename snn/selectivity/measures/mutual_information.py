"""Information between response and class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity.information import mutual_information
from spikeatlas.snn.selectivity.measures.base import Controls, Measure, Quantity
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole


@dataclass(frozen=True, config=SPEC)
class MutualInformation(Measure):
    """Bias-corrected information of a response about the class (Panzeri & Treves 1996), by ``information.mutual_information``."""

    kind: Literal["mutual_information"] = "mutual_information"
    """``mutual_information``: what a response tells about the class."""
    variable: ClassVar[str] = "mutual_information"
    long_name: ClassVar[str] = "information on the class"
    comment: ClassVar[str] = "information between response and class, bias corrected; 0: none"
    units: ClassVar[str] = "bit"
    further: ClassVar[Mapping[str, Quantity]] = {
        "mutual_information_null": Quantity(
            "information, shuffled labels", "bit", "the same under shuffled labels"
        )
    }

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,)."""
        del first
        return mutual_information(responses, labels, classes)

    def controls(
        self,
        responses: Responses,
        labels: Whole,
        first: Mask,
        classes: int,
        *,
        draws: int,
        rng: np.random.Generator,
    ) -> Controls:
        """Measure again under labels that are shuffled once."""
        del first, draws
        null = mutual_information(responses, rng.permutation(labels), classes)
        return {"mutual_information_null": null}
