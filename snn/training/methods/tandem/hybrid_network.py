"""A network that is converted from its input on: what its layers hand on, as means over time, and how a layer is converted.

Mean currents of analogue layers are the currents of mean inputs, for operators, average pools and normalisations of sums are
linear: they are computed once, not once a step. Converted layers run over all their steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.neurons import TandemNeuron

PERCENTILE = 99.9
"""Of a layer's activations: T times its threshold."""
_SMALLEST = 1e-6
"""A threshold, of layers whose activations are next to none (> 0)."""


class HybridNetwork:
    """The layers of a network whose neurons are ``tandem``, the first ones converted."""

    def __init__(self, network: SpikingNetwork) -> None:
        self.network = network
        self.hidden = list(network)[:-1]

    @property
    def converted(self) -> int:
        """Hidden layers that spike: the first so many."""
        return sum(neuron_of(layer).spiking for layer in self.hidden)

    def convert(self) -> None:
        """Let the first analogue layer spike, at the threshold that was measured last."""
        with torch.no_grad():
            neuron_of(self.hidden[self.converted]).converted.fill_(1)

    @torch.no_grad()
    def measure(self, inputs: Tensor) -> None:
        """Set the thresholds of analogue layers by their activations to encoded images (T, n, c, h, w); in evaluation mode."""
        means = self.means(inputs, self.converted)
        for layer, activations in zip(self.hidden, means, strict=False):
            if not neuron_of(layer).spiking:
                top = float(np.percentile(activations.cpu().numpy(), PERCENTILE))
                neuron_of(layer).threshold.fill_(max(top, _SMALLEST))

    def outputs(self, inputs: Tensor, frozen: int) -> Tensor:
        """Output (1, n, classes), averaged over time, of encoded images (T, n, c, h, w).

        With the gradients of all layers but the first ``frozen``, which are converted ones.
        """
        *_, last = self.means(inputs, frozen)
        return last[None]

    def means(self, inputs: Tensor, frozen: int) -> Iterator[Tensor]:
        """Yield what each layer hands on, averaged over time, (n, ...); see ``outputs``."""
        steps, sequence = self.network.time_steps, inputs
        means = inputs.mean(0)
        for place, layer in enumerate(self.network):
            if place >= frozen:
                means = self._activation(layer, means)
            if place < self.converted:
                with torch.no_grad():
                    sequence = layer(sequence, steps)
                    fired = sequence.mean(0)
                # the spikes' value, the activation's gradient
                means = fired if place < frozen else means + (fired - means).detach()
            yield means

    def _activation(self, layer: SpikingLayer, means: Tensor) -> Tensor:
        """Activation (n, ...) of mean inputs (n, ...), averaged over time."""
        currents = layer.normalise(layer.folded(means[None]), self.network.time_steps)[0]
        return layer.neuron.activation(currents)


def neuron_of(layer: SpikingLayer) -> TandemNeuron:
    """Return the neurons of a hidden layer."""
    return cast("TandemNeuron", layer.neuron)
