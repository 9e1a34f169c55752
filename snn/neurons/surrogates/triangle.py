"""A triangle around the threshold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.surrogates.base import SurrogateSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class Triangle(SurrogateSpec):
    """height max(0, 1 - |excess| / (width / 2)), as BNTT takes it (Kim and Panda 2021, arXiv 2010.01729)."""

    kind: Literal["triangle"] = "triangle"
    height: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.3
    """Derivative at the threshold (> 0)."""
    width: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    """Of the membranes that a gradient reaches (> 0): half of it below the threshold, half above."""

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """See the class."""
        return gradients * (self.height * (1 - excess.abs() / (self.width / 2)).clamp(min=0))
