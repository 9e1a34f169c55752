"""A layer's neurons over the whole sequence in one compiled pass, as a function with gradient."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.neurons.slopes import Shape, SlopeCode

Array = npt.NDArray[np.float32]


class SequenceRule(Protocol):
    """The equations of a layer's neurons, with the compiled passes that compute them."""

    def fire(self, currents: Array, spikes: Array) -> None:
        """Write the spikes (T, n, features) of currents (T or 1, n, features)."""

    def turn_back(self, currents: Array, gradients: Array, shape: Shape, result: Array) -> None:
        """Write the gradients of the currents to ``result``, given those of the spikes; ``shape`` of the surrogate."""


def run_fused_sequence(
    currents: Tensor, rule: SequenceRule, surrogate: SlopeCode, time_steps: int
) -> Tensor:
    """Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant, with gradient.

    ``surrogate``: the gradient of a spike.
    """
    if currents.dim() == 5 and not currents.is_contiguous():
        # the order of neurons is nobody's business: channels may stand last in memory
        last = currents.permute(0, 1, 3, 4, 2).contiguous()
        return run_fused_sequence(last, rule, surrogate, time_steps).permute(0, 1, 4, 2, 3)
    flat = currents.reshape(*currents.shape[:2], -1)
    spikes: Tensor = _Sequence.apply(flat, rule, surrogate, time_steps)
    return spikes.reshape(time_steps, *currents.shape[1:])


class _Sequence(torch.autograd.Function):
    """Currents (T or 1, n, features) to spikes (T, n, features)."""

    @staticmethod
    def forward(
        ctx: Any, currents: Tensor, rule: SequenceRule, surrogate: SlopeCode, time_steps: int
    ) -> Tensor:
        currents = currents.contiguous()
        spikes = torch.empty((time_steps, *currents.shape[1:]))
        rule.fire(currents.detach().numpy(), spikes.numpy())
        ctx.save_for_backward(currents)
        ctx.rule, ctx.surrogate = rule, surrogate
        return spikes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (currents,) = ctx.saved_tensors
        result = torch.empty_like(currents)
        arriving = gradients[0].contiguous().numpy()
        ctx.rule.turn_back(
            currents.detach().numpy(), arriving, ctx.surrogate.shape(), result.numpy()
        )
        return result, None, None, None
