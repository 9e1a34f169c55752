"""Responses of a spiking residual network, layer by layer down to the deepest asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import encode
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks import SpikingResNet
from spikeatlas.snn.responder import check_counts, check_images, check_weights, spike_rates
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.base import Images, Neurons, Responses

FRAMES = 256
"""Images times time steps that are computed at once: with more, a layer's maps leave the second-level cache."""
_ARRAYS = 6
"""Arrays as large as the largest layer's spikes that are there at once."""


class ResNetResponder:
    """Responses of some neurons of some layers to stimuli.

    Weights are looked at when it is made; calls change nothing, so threads may share it. ValueError for unknown
    layers or neurons, for NaN or infinite weights, and for a network in training mode.
    """

    def __init__(
        self,
        network: SpikingResNet,
        layers: Mapping[str, LayerInfo],
        neurons: Neurons,
        showing: Showing,
    ) -> None:
        """``layers``: all of the network's."""
        require_evaluation(network)
        check_weights(network)
        check_counts(showing.batch_size, showing.presentations)
        self.network, self.showing = network, showing
        self._depth = network.upto(neurons)
        self._neurons = _indices(layers, neurons)
        self._images = images_at_once(layers, network.time_steps, showing)

    def __call__(self, images: Images) -> Responses:
        """See ``Respond``: spikes are counted exactly, over all time steps and positions."""
        check_images(self.network, images)
        parts = {name: [np.empty((0, len(row)), np.float32)] for name, row in self._neurons.items()}
        for batch, count in padded_batches(images, self._images):
            for name, rates in self._mean(batch).items():
                parts[name].append(rates[:count])
        return {name: np.concatenate(rates) for name, rates in parts.items()}

    def _mean(self, batch: Images) -> Responses:
        """Mean responses to one batch over the presentations (one if nothing is drawn)."""
        key = self.showing.key
        showings = 1 if self.network.coding == "current" else self.showing.presentations
        total: dict[str, NDArray[np.float64]] = {}
        for number in range(showings):
            inputs = encode(self.network, batch, None if key is None else key.shifted(number))
            for name, counts in self._counts(inputs).items():
                rates = spike_rates(counts, self.network.time_steps)
                total[name] = rates + total[name] if name in total else rates
        return {
            name: (total[name][:, row] / showings).astype(np.float32)
            for name, row in self._neurons.items()
        }

    def _counts(self, inputs: Tensor) -> dict[str, Tensor]:
        """Spikes (n, c, h, w) over all time steps of the layers asked for; a faster way replaces this alone."""
        if self.showing.kind == "plain":
            return counts_by_steps(self.network, inputs, list(self._neurons))
        return counts_by_layers(self.network, inputs, list(self._neurons))

    def describe(self) -> list[str]:
        """See ``Respond``."""
        if self.showing.kind == "plain":
            return ["all layers: plain loop; kind is 'plain'"]
        names = self.network.layers
        frames = f"{self._images} images by {self.network.time_steps} time steps"
        constant = (
            "one convolution serves all time steps" if self.network.coding == "current" else ""
        )
        lines = [f"{names[0]}: {constant or 'convolutions of ' + frames}; neurons in one pass"]
        lines += [
            f"{name}: convolutions of {frames}; neurons in one pass"
            for name in names[1 : self._depth]
        ]
        if self._depth < len(names):
            lines.append(f"the {len(names) - self._depth} layers behind: left out")
        return lines


def counts_by_layers(
    network: SpikingResNet, inputs: Tensor, layers: Sequence[str]
) -> dict[str, Tensor]:
    """Spike counts (n, c, h, w) of some layers over all time steps, each layer over the whole sequence.

    ``inputs``: encoded images (T, n, c, h, w), or (1, n, c, h, w) if constant. A spike counts 1 or -1, whatever
    its height.
    """
    with torch.no_grad():
        return {
            name: network.neurons(name).relative(spikes).sum(0)
            for name, spikes in network.capture(inputs, network.upto(layers))
            if name in layers
        }


@torch.no_grad()
def counts_by_steps(
    network: SpikingResNet, inputs: Tensor, layers: Sequence[str]
) -> dict[str, Tensor]:
    """Do what ``counts_by_layers`` does by the plain loop over the steps."""
    counts: dict[str, Tensor] = {}
    for row in network.steps(inputs, network.upto(layers)):
        for name in layers:
            spikes = network.neurons(name).relative(row[name])
            counts[name] = spikes + counts[name] if name in counts else spikes
    return counts


def images_at_once(layers: Mapping[str, LayerInfo], time_steps: int, showing: Showing) -> int:
    """Return the number of images that are shown together.

    It depends on the network and the showing alone, not on the layers asked for, so that a response depends on
    nothing but its stimulus.
    """
    largest = max(info.neurons * math.prod(info.map) for info in layers.values())
    bytes_of_image = 4 * time_steps * largest * _ARRAYS
    return min(
        showing.batch_size,
        max(1, FRAMES // time_steps),
        max(1, showing.memory // bytes_of_image),
    )


def require_evaluation(network: SpikingResNet) -> None:
    """Raise ValueError for a network whose norms still take the statistics of their batch."""
    if network.training:
        raise ValueError(
            "the network normalises as in training, by its batch: call network.eval() first."
        )


def _indices(layers: Mapping[str, LayerInfo], neurons: Neurons) -> dict[str, list[int]]:
    """Neurons asked for, by layer; ValueError where there are no such."""
    indices = {name: [int(neuron) for neuron in row] for name, row in neurons.items()}
    for name, row in indices.items():
        size = layers[name].neurons
        if not row or not all(0 <= neuron < size for neuron in row):
            raise ValueError(
                f"neurons of layer {name!r} are {row}: give at least one of 0 to {size - 1}."
            )
    return indices
