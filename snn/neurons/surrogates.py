"""Surrogate gradients: what backpropagation takes for the derivative of a spike."""

from __future__ import annotations

from typing import Annotated, Any, Literal, final

import torch
from pydantic import Field, PlainValidator, SerializeAsAny
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.registry import SPEC, Family


@dataclass(frozen=True, config=SPEC)
class SurrogateSpec:
    """A surrogate gradient; a member adds its fields and its formula."""

    kind: str

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """Gradients of the excess over the threshold, given those of its spikes (of one shape)."""
        raise NotImplementedError

    @final
    def fire(self, excess: Tensor) -> Tensor:
        """Spikes (1.0) where the membrane exceeds its threshold, with this gradient."""
        spikes: Tensor = _Fire.apply(excess, self)
        return spikes


class _Fire(torch.autograd.Function):
    """A step, with the gradient of a surrogate."""

    @staticmethod
    def forward(ctx: Any, excess: Tensor, surrogate: SurrogateSpec) -> Tensor:
        ctx.save_for_backward(excess)
        ctx.surrogate = surrogate
        return (excess > 0).float()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (excess,) = ctx.saved_tensors
        return ctx.surrogate.gradient(gradients[0], excess), None


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


SURROGATES = Family("surrogate gradient", SurrogateSpec, {"fast-sigmoid": FastSigmoid})

Surrogate = Annotated[
    SerializeAsAny[SurrogateSpec],
    PlainValidator(SURROGATES.read, json_schema_input_type=str | dict[str, Any]),
]
"""Of a study: its name, or a mapping with its kind."""
