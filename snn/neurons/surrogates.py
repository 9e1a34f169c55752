"""Surrogate gradients: what backpropagation takes for the derivative of a spike."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.registry import SPEC, Contract, Family


@dataclass(frozen=True, config=SPEC)
class SurrogateSpec(Contract, ABC):
    """A surrogate gradient, as a study names it; a member adds its fields."""

    kind: str

    @abstractmethod
    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """Gradients of the excess over the threshold, given those of its spikes (of one shape)."""

    @final
    def fire(self, excess: Tensor, *, closed: bool = False) -> Tensor:
        """Spikes (1.0) where the membrane exceeds its threshold (``closed``: or is at it), with this gradient."""
        spikes: Tensor = _Fire.apply(excess, self, closed)
        return spikes


class _Fire(torch.autograd.Function):
    """A step, with the gradient of a surrogate."""

    @staticmethod
    def forward(ctx: Any, excess: Tensor, surrogate: SurrogateSpec, closed: bool) -> Tensor:
        ctx.save_for_backward(excess)
        ctx.surrogate = surrogate
        return (excess >= 0 if closed else excess > 0).float()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (excess,) = ctx.saved_tensors
        return ctx.surrogate.gradient(gradients[0], excess), None, None


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


SURROGATES: Family[SurrogateSpec] = Family(
    "surrogate gradient",
    SurrogateSpec,  # type: ignore[type-abstract]
    {"fast-sigmoid": FastSigmoid, "atan": ATan},
)
"""``training.surrogate`` of a study."""
