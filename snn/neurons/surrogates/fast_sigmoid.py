"""The derivative of a fast sigmoid."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.surrogates.base import SurrogateSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class FastSigmoid(SurrogateSpec):
    """1 / (1 + slope |excess|)^2, the derivative of a fast sigmoid (Zenke and Ganguli 2018)."""

    kind: Literal["fast-sigmoid"] = "fast-sigmoid"
    slope: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    """Steepness (> 0). Flatter than snnTorch's 25: the gradient then reaches neurons further from their
    threshold."""

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """See the class."""
        return gradients / (self.slope * excess.abs() + 1.0) ** 2


DEFAULT_SURROGATE = FastSigmoid()
"""The gradient of a spike where none is named."""
