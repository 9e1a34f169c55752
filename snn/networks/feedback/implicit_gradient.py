"""The gradient at an equilibrium of rates, which is an equilibrium itself: no time step is gone back through."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from spikeatlas.snn.networks.feedback.settling_neuron import FALL

Adjoint = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Solution beta (n, units) of beta = W^T diag(m) beta / c + g.

Called with W (units, units), m (n, units), 1 where a rate is neither 0 nor 1, and g (n, units), the loss's slope in
the rates.
"""


_ROUNDS = 100
"""Rounds of the iteration, a hundredth of the cost of a linear system each; below a norm of 2 a few are enough."""
_CLOSE = 4
"""Units of rounding between two rounds that are the same."""


def exact_adjoint(feedback: Tensor, live: Tensor, slopes: Tensor) -> Tensor:
    """Solve for beta up to rounding, by iteration, or, where that does not settle, as a linear system: see ``Adjoint``."""
    beta, rounding = slopes, _CLOSE * torch.finfo(slopes.dtype).eps
    for _ in range(_ROUNDS):
        before, beta = beta, (live * beta) @ feedback / FALL + slopes
        # one that runs away ends in numbers that are not finite, none of which is close
        if float((beta - before).abs().max()) <= rounding * float(before.abs().max()) < math.inf:
            return beta
    return solved_adjoint(feedback, live, slopes)


def solved_adjoint(feedback: Tensor, live: Tensor, slopes: Tensor) -> Tensor:
    """Solve for beta by one linear system an image: see ``Adjoint``."""
    identity = torch.eye(len(feedback), dtype=feedback.dtype, device=feedback.device)
    systems = identity - feedback.T * live[:, None, :] / FALL
    solution: Tensor = torch.linalg.solve(systems, slopes[:, :, None])[:, :, 0]
    return solution


def with_gradient(rates: Tensor, drive: Tensor, feedback: Tensor, adjoint: Adjoint) -> Tensor:
    """Return settled rates (n, units) with the gradient of the equilibrium a = clip((W a + d) / c, 0, 1).

    ``drive`` d (n, units): currents from outside, with gradient; ``feedback`` W (units, units). The slopes are
    (1/c) m beta in d, and (1/c) (m beta) a^T in W (Xiao et al. 2021, arXiv 2109.14247).
    """
    settled: Tensor = _SettledRates.apply(rates, drive, feedback, adjoint)
    return settled


class _SettledRates(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any, rates: Tensor, drive: Tensor, feedback: Tensor, adjoint: Adjoint
    ) -> Tensor:
        del drive
        context.save_for_backward(rates, feedback)
        context.adjoint = adjoint
        return rates.clone()

    @staticmethod
    def backward(context: Any, slopes: Tensor) -> Any:
        rates, feedback = context.saved_tensors
        live = ((rates > 0) & (rates < 1)).to(rates.dtype)
        errors = live * context.adjoint(feedback, live, slopes) / FALL
        return None, errors, errors.T @ rates, None
