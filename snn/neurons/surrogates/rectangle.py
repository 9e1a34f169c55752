"""A rectangle around the threshold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.surrogates.base import SurrogateSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class Rectangle(SurrogateSpec):
    """1 where |excess| < width / 2, else 0; of width 1 as BackEISNN and ILC-SAN take it."""

    kind: Literal["rectangle"] = "rectangle"
    width: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """Of the membranes that a gradient reaches (> 0): half of it below the threshold, half above."""

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """See the class."""
        return gradients * (excess.abs() < self.width / 2)
