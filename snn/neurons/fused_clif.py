"""A layer of current-based neurons over the whole sequence, forward and backward.

Forward, for every neuron, in this order and without fused multiply-add:

    c_t = a c_{t-1} + I_t
    v_t = b u_{t-1} + c_t
    s_t = [v_t > threshold]
    u_t = 0 where s_t, else v_t

Backward, with g_t the gradient of s_t, h the surrogate's derivative (``slopes``) and the reset detached:

    d_t = g_t h(v_t - threshold) + b (1 - s_t) d_{t+1}
    e_t = d_t + a e_{t+1}

where e_t is the gradient of I_t. The backward computes the membranes again instead of keeping them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.neurons.slopes import Shape, slopes

Array = npt.NDArray[np.float32]
Single = np.float32
Numbers = tuple[Single, Single, Single]

_LANES = 512
"""Neurons that are stepped together: their states stay in the first-level cache."""


class ClifRule(NamedTuple):
    """The equations of a layer's neurons: see the module."""

    current_decay: float
    membrane_decay: float
    threshold: float

    def numbers(self) -> Numbers:
        """Return the same as compiled functions take it."""
        current, membrane, threshold = (np.float32(value) for value in self)
        return current, membrane, threshold

    def fire(self, currents: Array, spikes: Array) -> None:
        """See ``SequenceRule``."""
        _forward(currents, self.numbers(), spikes)

    def turn_back(self, currents: Array, gradients: Array, shape: Shape, result: Array) -> None:
        """See ``SequenceRule``."""
        _backward(currents, self.numbers(), gradients, shape, result)


@compiled
def _forward(currents: Array, rule: Numbers, spikes: Array) -> None:
    steps, count, features = spikes.shape
    static = len(currents) == 1
    conductance, membrane = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    for image in range(count):
        for start in range(0, features, _LANES):
            width = min(_LANES, features - start)
            conductance[:width] = 0
            membrane[:width] = 0
            for step in range(steps):
                current = currents[0 if static else step, image, start : start + width]
                fired = spikes[step, image, start : start + width]
                _charge(conductance, membrane, current, rule, membrane)
                for i in range(width):
                    fired[i] = np.float32(membrane[i] - rule[2] > np.float32(0))


@compiled
def _charge(conductance: Array, before: Array, current: Array, rule: Numbers, after: Array) -> None:
    """Write charged membranes to ``after``, from those of the step before, not yet reset (one array may be both)."""
    current_decay, membrane_decay, threshold = rule
    for i in range(len(current)):
        value = np.float32(0) if before[i] - threshold > np.float32(0) else before[i]
        conductance[i] = current_decay * conductance[i] + current[i]
        after[i] = membrane_decay * value + conductance[i]


@compiled
def _backward(
    currents: Array, rule: Numbers, gradients: Array, shape: Shape, result: Array
) -> None:
    steps, count, features = gradients.shape
    static = len(currents) == 1
    membranes = np.empty((steps + 1, _LANES), np.float32)
    conductance, slope = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    backward, through = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    for image in range(count):
        for start in range(0, features, _LANES):
            width = min(_LANES, features - start)
            conductance[:width] = 0
            membranes[0, :width] = 0
            for step in range(steps):
                current = currents[0 if static else step, image, start : start + width]
                _charge(conductance, membranes[step], current, rule, membranes[step + 1])
            backward[:width] = 0
            through[:width] = 0
            if static:
                result[0, image, start : start + width] = 0
            for step in range(steps - 1, -1, -1):
                arriving = gradients[step, image, start : start + width]
                total = result[0 if static else step, image, start : start + width]
                charged = membranes[step + 1, :width]
                slopes(charged, rule[2], shape, slope)
                _turn_back(arriving, charged, slope, rule, backward, through)
                for i in range(width):
                    total[i] = through[i] + (total[i] if static else np.float32(0))


@compiled
def _turn_back(
    arriving: Array, charged: Array, slope: Array, rule: Numbers, backward: Array, through: Array
) -> None:
    """Take the gradients of a membrane (``backward``) and of a current (``through``) one step back."""
    current_decay, membrane_decay, threshold = rule
    for i in range(len(arriving)):
        fired = charged[i] - threshold > np.float32(0)
        later = np.float32(0) if fired else membrane_decay * backward[i]
        backward[i] = arriving[i] * slope[i] + later
        through[i] = backward[i] + current_decay * through[i]
