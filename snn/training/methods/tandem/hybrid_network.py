"""A network that is converted from its input on: what its layers hand on, as means over time, and how a layer is converted.

Mean currents of analogue layers are the currents of mean inputs, for operators, average pools and normalisations of sums are
linear: they are computed once, not once a step. Converted layers run over all their steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.neurons import TandemNeuron
from spikeatlas.snn.neurons.tandem import SummingNeuron

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
    def measure(self, batches: Iterable[Tensor]) -> None:
        """Set the thresholds of analogue layers by their activations to all batches of encoded images (T, n, c, h, w).

        In evaluation mode; at least one batch.
        """
        first = self.converted
        analogue = self.hidden[first:]
        # of hidden layers alone: the output is the last to be handed on
        batch_means = [
            list(self.means(self.spikes(inputs, first), first))[:-1] for inputs in batches
        ]
        for layer, activations in zip(analogue, zip(*batch_means, strict=True), strict=True):
            top = float(np.percentile(torch.cat(activations).cpu().numpy(), PERCENTILE))
            neuron_of(layer).threshold.fill_(max(top, _SMALLEST))

    @torch.no_grad()
    def spikes(self, inputs: Tensor, layers: int) -> Tensor:
        """Outputs (T, n, ...) of the first ``layers``, which are converted, to encoded images (T, n, c, h, w)."""
        sequence = inputs
        for layer in self.hidden[:layers]:
            sequence = layer(sequence, self.network.time_steps)
        return sequence

    def outputs(self, sequence: Tensor, first: int) -> Tensor:
        """Output (1, n, classes), averaged over time, of what enters layer number ``first``, (T, n, ...), with gradients."""
        *_, last = self.means(sequence, first)
        return last[None]

    def means(self, sequence: Tensor, first: int) -> Iterator[Tensor]:
        """Yield what each layer from number ``first`` on hands on, averaged over time, (n, ...); see ``outputs``."""
        means = sequence.mean(0)
        for place, layer in enumerate(list(self.network)[first:], first):
            means = self._activation(layer, means)
            if place < self.converted:
                with torch.no_grad():
                    sequence = layer(sequence, self.network.time_steps)
                    fired = sequence.mean(0)
                # the spikes' value, the activation's gradient
                means = means + (fired - means).detach()
            yield means

    def _activation(self, layer: SpikingLayer, means: Tensor) -> Tensor:
        """Activation (n, ...) of mean inputs (n, ...), averaged over time."""
        currents = layer.normalise(layer.folded(means[None]), self.network.time_steps)[0]
        neuron = cast("SummingNeuron", layer.neuron)
        return neuron.activation(currents)


def neuron_of(layer: SpikingLayer) -> TandemNeuron:
    """Return the neurons of a hidden layer."""
    return cast("TandemNeuron", layer.neuron)
