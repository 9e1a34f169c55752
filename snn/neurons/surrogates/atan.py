"""The derivative of an arcus tangent."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.surrogates.base import SurrogateSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class ATan(SurrogateSpec):
    """The derivative of an arcus tangent: a / (1 + (pi a excess)^2), a = alpha / 2 (Fang et al. 2021, arXiv 2007.05785)."""

    kind: Literal["atan"] = "atan"
    alpha: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    """Steepness (> 0), which is twice the derivative at the threshold; 2 as SpikingJelly has it."""

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """See the class."""
        half = self.alpha / 2
        angle = math.pi * half * excess
        return half / (1 + angle * angle) * gradients
