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
from spikeatlas.snn.readings import RATE, TrainReading
from spikeatlas.snn.responder import check_counts, check_images, check_weights
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
        """See ``Respond``: spikes are counted exactly, over all time steps and positions.

        Sequences of F frames are uint8 (n, F, c, h, w), see ``encode``.
        """
        check_images(self.network, images, sequences=True)
        parts = {name: [np.empty((0, len(row)), np.float32)] for name, row in self._neurons.items()}
        for batch, count in padded_batches(images, self._images):
            for name, rates in self._mean(batch).items():
                parts[name].append(rates[:count])
        return {name: np.concatenate(rates) for name, rates in parts.items()}

    def _mean(self, batch: Images) -> Responses:
        """Mean responses to one batch over the presentations (one if nothing is drawn)."""
        showing, steps = self.showing, self.network.time_steps
        showings = 1 if self.network.coding == "current" else showing.presentations
        total: dict[str, NDArray[np.float64]] = {}
        for number in range(showings):
            key = None if showing.key is None else showing.key.shifted(number)
            inputs = encode(self.network, batch, key)
            for name, values in self._folded(inputs).items():
                responses = showing.reading.responses(values, steps, showing.unit)
                total[name] = responses + total[name] if name in total else responses
        return {
            name: (total[name][:, row] / showings).astype(np.float32)
            for name, row in self._neurons.items()
        }

    def _folded(self, inputs: Tensor) -> dict[str, Tensor]:
        """Spikes (n, c, h, w) of the layers asked for, folded over time; a faster way replaces this alone."""
        way = fold_steps if self.showing.kind == "plain" else fold_layers
        return way(self.network, inputs, list(self._neurons), self.showing.reading)

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


@torch.no_grad()
def fold_layers(
    network: SpikingResNet, inputs: Tensor, layers: Sequence[str], reading: TrainReading = RATE
) -> dict[str, Tensor]:
    """Spikes (n, c, h, w) of some layers, folded over all time steps, each layer over the whole sequence.

    ``inputs``: encoded images (T, n, c, h, w), or (1, n, c, h, w) if constant. A spike counts 1 or -1, whatever
    its height. ``reading``: what to fold the spikes to, if not to counts.
    """
    return {
        name: reading.fold(None, network.neurons(name).relative(spikes), 0)
        for name, spikes in network.capture(inputs, network.upto(layers))
        if name in layers
    }


@torch.no_grad()
def fold_steps(
    network: SpikingResNet, inputs: Tensor, layers: Sequence[str], reading: TrainReading = RATE
) -> dict[str, Tensor]:
    """Do what ``fold_layers`` does by the plain loop over the steps."""
    values: dict[str, Tensor] = {}
    for step, row in enumerate(network.steps(inputs, network.upto(layers))):
        for name in layers:
            spikes = network.neurons(name).relative(row[name])[None]
            values[name] = reading.fold(values.get(name), spikes, step)
    return values


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
