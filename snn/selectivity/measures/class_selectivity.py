"""The class selectivity index, with its interval and its values under shuffled labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity.measures.base import Controls, Measure, Quantity
from spikeatlas.snn.selectivity.resampling import bootstrap_csi, shuffle_csi
from spikeatlas.snn.selectivity.tuning import (
    Floats,
    Mask,
    Responses,
    Whole,
    index_of_responses,
)


@dataclass(frozen=True, config=SPEC)
class ClassSelectivityIndex(Measure):
    """Class selectivity index (Morcos et al. 2018, arXiv 1803.06959), cross-validated, by ``class_selectivity_index``."""

    kind: Literal["class_selectivity_index"] = "class_selectivity_index"
    """``class_selectivity_index``: how much more the preferred class drives it."""
    variable: ClassVar[str] = "class_selectivity_index"
    long_name: ClassVar[str] = "class selectivity index"
    of_shares: ClassVar[bool] = True
    comment: ClassVar[str] = (
        "(preferred - mean of others) / (preferred + mean of others), class chosen on one half "
        "of the test images, measured on the other; -1 to 1; undefined where any response is negative, or "
        "may be: a share of a sum of both signs is no share"
    )
    further: ClassVar[Mapping[str, Quantity]] = {
        "preferred_class": Quantity(
            "preferred class", comment="with the highest mean response; none: undefined"
        ),
        "csi_low": Quantity(
            "lower end of the index",
            comment="of the 95 % bootstrap interval (over images) of class_selectivity_index",
        ),
        "csi_high": Quantity("upper end of the index", comment="of that interval"),
        "csi_null": Quantity(
            "index of shuffled labels",
            comment="mean of class_selectivity_index under shuffled labels, choice of class included",
        ),
        "csi_null_high": Quantity(
            "high index of shuffled labels", comment="95 % quantile of it under shuffled labels"
        ),
    }

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,)."""
        return index_of_responses(responses, labels, first, classes)[0]

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
        """Draw the images again, and shuffle their labels."""
        interval = bootstrap_csi(responses, labels, first, classes, draws, rng)
        null = shuffle_csi(responses, labels, first, classes, draws, rng)
        return {
            "preferred_class": index_of_responses(responses, labels, first, classes)[1],
            "csi_low": interval.low,
            "csi_high": interval.high,
            "csi_null": null.mean,
            "csi_null_high": null.high,
        }
