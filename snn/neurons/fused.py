"""A leaky layer over the whole sequence in one pass, forward and backward.

Forward, for every neuron (snnTorch's arithmetic, in its order, without fused multiply-add):

    r_t = [m_{t-1} > threshold]
    m_t = (beta m_{t-1} + I_t) - r_t threshold        (reset "subtract")
    m_t = beta (m_{t-1} - r_t m_{t-1}) + I_t          (reset "zero")
    s_t = [m_t > threshold]

Backward, with g_t the gradient of s_t, h the surrogate's derivative (``slopes``) and the reset detached, as
snnTorch has it:

    d_t = g_t h(m_t - threshold) + k_{t+1} d_{t+1},   k_t = beta, or beta (1 - r_t) for reset "zero"

where d_t is the gradient of I_t. The backward computes the membranes again instead of keeping them: what
autograd keeps of a loop over time is several tensors a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.neurons.slopes import FAST_SIGMOID, Shape, SlopeCode, slopes

Array = npt.NDArray[np.float32]

_LANES = 512
"""Neurons that are stepped together: their membranes over T = 25 stay in the first-level cache."""


def run_fused(
    currents: Tensor,
    beta: Tensor,
    threshold: Tensor,
    *,
    zero: bool,
    slope: SlopeCode,
    time_steps: int,
) -> Tensor:
    """Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant, with gradient.

    ``beta`` and ``threshold`` may differ by neuron, as in LeakyNeuron; ``zero``: reset to zero, not by
    subtraction; ``slope`` of a spike: its surrogate gradient.
    """
    shape = currents.shape[2:]
    parameters = (
        torch.broadcast_to(values.detach(), shape).reshape(-1).contiguous()
        for values in (beta, threshold)
    )
    flat = currents.reshape(*currents.shape[:2], -1)
    spikes: Tensor = _Leaky.apply(flat, *parameters, zero, slope, time_steps)
    return spikes.reshape(time_steps, *currents.shape[1:])


class _Leaky(torch.autograd.Function):
    """Currents (T or 1, n, features) to spikes (T, n, features)."""

    @staticmethod
    def forward(
        ctx: Any,
        currents: Tensor,
        beta: Tensor,
        threshold: Tensor,
        zero: bool,
        slope: SlopeCode,
        time_steps: int,
    ) -> Tensor:
        currents = currents.contiguous()
        spikes = torch.empty((time_steps, *currents.shape[1:]))
        _forward(currents.detach().numpy(), beta.numpy(), threshold.numpy(), zero, spikes.numpy())
        ctx.save_for_backward(currents, beta, threshold)
        ctx.zero, ctx.slope = zero, slope
        return spikes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        currents, beta, threshold = ctx.saved_tensors
        result = torch.zeros_like(currents)
        parameters = (beta.numpy(), threshold.numpy(), ctx.zero)
        arriving = gradients[0].contiguous().numpy()
        shape = ctx.slope.shape()
        _backward(currents.detach().numpy(), *parameters, arriving, shape, result.numpy())
        return result, None, None, None, None, None


@compiled
def _forward(currents: Array, beta: Array, threshold: Array, zero: bool, spikes: Array) -> None:
    steps, count, features = spikes.shape
    static = len(currents) == 1
    membrane = np.empty(_LANES, np.float32)
    for image in range(count):
        for start in range(0, features, _LANES):
            width = min(_LANES, features - start)
            decay, limit = beta[start : start + width], threshold[start : start + width]
            membrane[:width] = 0
            for step in range(steps):
                current = currents[0 if static else step, image, start : start + width]
                fired = spikes[step, image, start : start + width]
                _step(membrane, current, decay, limit, zero, membrane, width)
                for i in range(width):
                    fired[i] = np.float32(membrane[i] - limit[i] > np.float32(0))


@compiled
def _step(
    before: Array,
    current: Array,
    beta: Array,
    threshold: Array,
    zero: bool,
    after: Array,
    width: int,
) -> None:
    """Write the membranes one step later to ``after`` (which may be ``before``)."""
    if zero:
        for i in range(width):
            value = np.float32(0) if before[i] - threshold[i] > np.float32(0) else before[i]
            after[i] = beta[i] * value + current[i]
    else:
        for i in range(width):
            reset = threshold[i] if before[i] - threshold[i] > np.float32(0) else np.float32(0)
            after[i] = (beta[i] * before[i] + current[i]) - reset


@compiled
def _backward(
    currents: Array,
    beta: Array,
    threshold: Array,
    zero: bool,
    gradients: Array,
    shape: Shape,
    result: Array,
) -> None:
    steps, count, features = gradients.shape
    static = len(currents) == 1
    membranes = np.zeros((steps + 1, _LANES), np.float32)
    backward, excess = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    slope = np.empty(_LANES, np.float32)
    for image in range(count):
        for start in range(0, features, _LANES):
            width = min(_LANES, features - start)
            decay, limit = beta[start : start + width], threshold[start : start + width]
            membranes[0] = 0
            for step in range(steps):
                current = currents[0 if static else step, image, start : start + width]
                _step(membranes[step], current, decay, limit, zero, membranes[step + 1], width)
            backward[:width] = 0
            for step in range(steps - 1, -1, -1):
                arriving = gradients[step, image, start : start + width]
                total = result[0 if static else step, image, start : start + width]
                membrane, before = membranes[step + 1], membranes[step]
                for i in range(width):
                    excess[i] = membrane[i] - limit[i]
                _add_slopes(backward[:width], arriving, excess[:width], shape, slope)
                for i in range(width):
                    total[i] += backward[i]
                if zero:
                    for i in range(width):
                        fired = before[i] - limit[i] > np.float32(0)
                        backward[i] *= np.float32(0) if fired else decay[i]
                else:
                    for i in range(width):
                        backward[i] *= decay[i]


@compiled
def _add_slopes(total: Array, arriving: Array, excess: Array, shape: Shape, slope: Array) -> None:
    """Add gradients of spikes, by the surrogate's derivative at these excesses; it is written to ``slope``."""
    if shape[0] == FAST_SIGMOID:
        # divided, as snnTorch rounds
        for i in range(len(total)):
            flat = np.float32(1) + shape[1] * abs(excess[i])
            total[i] += np.divide(arriving[i], flat * flat)
    else:
        slopes(excess, np.float32(0), shape, slope)
        for i in range(len(total)):
            total[i] += arriving[i] * slope[i]
