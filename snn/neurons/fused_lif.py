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

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.neurons.slopes import Shape, slopes

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

    def fire(self, currents: Array, spikes: Array) -> None:
        """See ``SequenceRule``."""
        _forward(currents, self.numbers(), spikes)

    def turn_back(self, currents: Array, gradients: Array, shape: Shape, result: Array) -> None:
        """See ``SequenceRule``."""
        _backward(currents, self.numbers(), gradients, shape, result)


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
