"""Spiking neurons: they turn a sequence of currents into a sequence of spikes.

Whatever the model, a neuron has ``run(currents (T, n, ...)) -> spikes (T, n, ...)`` and declares the
height and the sign of its spikes, which a response is divided by to lie in [0, 1].
"""

from __future__ import annotations

import contextlib
from typing import ClassVar, Literal

import snntorch
import torch
from snntorch import surrogate
from torch import Tensor

Reset = Literal["subtract", "zero"]
# Flatter than snnTorch's 25: the gradient then reaches neurons further from their threshold.
SURROGATE_SLOPE = 2.0


def fire(excess: Tensor) -> Tensor:
    """Spike (1.0) where the membrane exceeds its threshold, with a fast-sigmoid gradient.

    Backward: 1 / (1 + 2 |excess|)^2 (Zenke and Ganguli 2018). A function of the module, not one of
    snnTorch's closures, so that networks can be pickled.
    """
    spikes: Tensor = surrogate.FastSigmoid.apply(excess, SURROGATE_SLOPE)
    return spikes


class LeakyNeuron(snntorch.Leaky):
    """snnTorch's leaky integrate-and-fire neuron, with explicit membrane.

    One step: ``reset = [m > threshold]; m = beta*m + current - reset*threshold`` (reset "subtract")
    or ``m = beta*(m - reset*m) + current`` (reset "zero"); ``spike = [m > threshold]``. The reset
    follows one step after its spike. ``beta`` in [0, 1] and ``threshold`` > 0 are numbers or tensors
    that broadcast with one image's currents: (channels, 1, 1) or (units,) for one value a neuron.
    """

    height: ClassVar[float] = 1.0
    signed: ClassVar[bool] = False

    def __init__(
        self, beta: float | Tensor, threshold: float | Tensor, reset: Reset = "subtract"
    ) -> None:
        super().__init__(beta, threshold=threshold, reset_mechanism=reset, spike_grad=fire)
        # snnTorch lists every neuron ever built, for its reset of hidden states. Ours keep none
        # between calls; on that list they would never be freed.
        with contextlib.suppress(ValueError):
            snntorch.SpikingNeuron.instances.remove(self)

    def private(self) -> LeakyNeuron:
        """Return a neuron with the same parameter tensors, not copies, and a membrane of its own.

        snnTorch writes the membrane into the module even when it is passed in, so that two threads
        must not step one module.
        """
        return LeakyNeuron(self.beta, self.threshold, self.reset_mechanism)

    def run(self, currents: Tensor, membrane: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Spikes (T, n, ...) of currents (T, n, ...), and the last membrane (n, ...).

        ``membrane`` is the state to go on from, None for rest (0). The module itself is unchanged.
        """
        neuron = self.private()
        spikes = []
        for current in currents:
            spike, membrane = neuron(current, membrane)
            spikes.append(spike)
        return torch.stack(spikes), membrane
