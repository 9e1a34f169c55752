"""The contract of surrogate gradients: what backpropagation takes for the derivative of a spike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.registry import SPEC, Contract


@dataclass(frozen=True, config=SPEC)
class SurrogateSpec(Contract, ABC):
    """A surrogate gradient, as a study names it; a member adds its fields.

    A compiled pass over the whole sequence takes the gradients that ``snn/neurons/slopes.py`` knows; neurons with
    another are stepped.
    """

    kind: str

    @abstractmethod
    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """Gradients of the excess over the threshold, given those of its spikes (of one shape)."""

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
        return (excess >= 0 if closed else excess > 0).to(excess.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (excess,) = ctx.saved_tensors
        return ctx.surrogate.gradient(gradients[0], excess), None, None
