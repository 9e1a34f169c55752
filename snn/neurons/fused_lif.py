"""A layer of neurons that are reset in the step of their spike, over the whole sequence, forward and backward.

Forward, for every neuron, in this order and without fused multiply-add:

    h_t = v + (I_t - (v - v_r)) / tau            or  (v - (v - v_r) / tau) + I_t,   v = v_{t-1}
    s_t = [h_t - threshold >= 0]
    v_t = v_r where s_t, else h_t  (hard)        or  h_t - s_t threshold

Backward, with g_t the gradient of s_t, h the surrogate's derivative (``slopes``) and the reset detached:

    d_t = g_t h(h_t - threshold) + k_t (1 - 1/tau) d_{t+1},   k_t = 1 - s_t (hard) or 1

where d_t / tau (or d_t, for an input that does not decay) is the gradient of I_t. The backward computes the
membranes again instead of keeping them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.neurons.slopes import Shape, SlopeCode, slopes

Array = npt.NDArray[np.float32]
Single = np.float32

_LANES = 512
"""Neurons that are stepped together: their membranes stay in the first-level cache."""


class LifRule(NamedTuple):
    """The equations of a layer's neurons: see the module."""

    tau: float
    threshold: float
    v_reset: float
    decay_input: bool
    hard: bool

    def numbers(self) -> tuple[Single, Single, Single, bool, bool]:
        """Return the same as compiled functions take it."""
        singles = (np.float32(value) for value in (self.tau, self.threshold, self.v_reset))
        tau, threshold, v_reset = singles
        return tau, threshold, v_reset, self.decay_input, self.hard


def run_fused_lif(currents: Tensor, rule: LifRule, surrogate: SlopeCode, time_steps: int) -> Tensor:
    """Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant, with gradient.

    ``surrogate``: the gradient of a spike.
    """
    if currents.dim() == 5 and not currents.is_contiguous():
        # the order of neurons is nobody's business: channels may stand last in memory
        last = currents.permute(0, 1, 3, 4, 2)
        return run_fused_lif(last.contiguous(), rule, surrogate, time_steps).permute(0, 1, 4, 2, 3)
    flat = currents.reshape(*currents.shape[:2], -1)
    spikes: Tensor = _Lif.apply(flat, rule, surrogate, time_steps)
    return spikes.reshape(time_steps, *currents.shape[1:])


class _Lif(torch.autograd.Function):
    """Currents (T or 1, n, features) to spikes (T, n, features)."""

    @staticmethod
    def forward(
        ctx: Any, currents: Tensor, rule: LifRule, surrogate: SlopeCode, time_steps: int
    ) -> Tensor:
        currents = currents.contiguous()
        spikes = torch.empty((time_steps, *currents.shape[1:]))
        _forward(currents.detach().numpy(), rule.numbers(), spikes.numpy())
        ctx.save_for_backward(currents)
        ctx.rule, ctx.surrogate = rule, surrogate
        return spikes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (currents,) = ctx.saved_tensors
        result = torch.empty_like(currents)
        arriving = gradients[0].contiguous().numpy()
        shape = ctx.surrogate.shape()
        _backward(currents.detach().numpy(), ctx.rule.numbers(), arriving, shape, result.numpy())
        return result, None, None, None


@compiled
def _forward(
    currents: Array, rule: tuple[Single, Single, Single, bool, bool], spikes: Array
) -> None:
    steps, count, features = spikes.shape
    static = len(currents) == 1
    membrane = np.empty(_LANES, np.float32)
    threshold, rest = rule[1], rule[2]
    for image in range(count):
        for start in range(0, features, _LANES):
            width = min(_LANES, features - start)
            membrane[:width] = rest
            for step in range(steps):
                current = currents[0 if static else step, image, start : start + width]
                fired = spikes[step, image, start : start + width]
                _charge(membrane, current, rule, membrane, width)
                for i in range(width):
                    fired[i] = np.float32(membrane[i] - threshold >= np.float32(0))


@compiled
def _charge(
    before: Array,
    current: Array,
    rule: tuple[Single, Single, Single, bool, bool],
    after: Array,
    width: int,
) -> None:
    """Write charged membranes to ``after``, from those of the step before, not yet reset (one array may be both)."""
    tau, threshold, v_reset, decay_input, hard = rule
    for i in range(width):
        reset = v_reset if hard else before[i] - threshold
        value = reset if before[i] - threshold >= np.float32(0) else before[i]
        leak = value - v_reset
        # np.divide: Python's division looks for zeros, and is not vectorised
        if decay_input:
            after[i] = value + np.divide(current[i] - leak, tau)
        else:
            after[i] = (value - np.divide(leak, tau)) + current[i]


@compiled
def _backward(
    currents: Array,
    rule: tuple[Single, Single, Single, bool, bool],
    gradients: Array,
    shape: Shape,
    result: Array,
) -> None:
    steps, count, features = gradients.shape
    static = len(currents) == 1
    membranes = np.empty((steps + 1, _LANES), np.float32)
    backward, slope = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    tau, threshold, v_reset, decay_input, hard = rule
    decay = np.float32(1) - np.float32(1) / tau
    share = np.float32(1) / tau if decay_input else np.float32(1)
    for image in range(count):
        for start in range(0, features, _LANES):
            width = min(_LANES, features - start)
            membranes[0, :width] = v_reset
            for step in range(steps):
                current = currents[0 if static else step, image, start : start + width]
                _charge(membranes[step], current, rule, membranes[step + 1], width)
            backward[:width] = 0
            if static:
                result[0, image, start : start + width] = 0
            for step in range(steps - 1, -1, -1):
                arriving = gradients[step, image, start : start + width]
                total = result[0 if static else step, image, start : start + width]
                charged = membranes[step + 1]
                slopes(charged[:width], threshold, shape, slope)
                for i in range(width):
                    fired = charged[i] - threshold >= np.float32(0)
                    later = np.float32(0) if hard and fired else backward[i]
                    value = arriving[i] * slope[i] + later
                    before = total[i] if static else np.float32(0)
                    total[i] = before + value * share
                    backward[i] = value * decay
