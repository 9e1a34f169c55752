"""Responses of a spiking residual network, layer by layer down to the deepest asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, encode
from spikeatlas.snn.graph import FastWay
from spikeatlas.snn.layer_info import LayerInfo, require_rows
from spikeatlas.snn.networks import SpikingResNet
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.responder import check_counts, check_weights
from spikeatlas.snn.showing import Showing, check_stimuli
from spikeatlas.snn.subjects.base import Images, Neurons, Responses
from spikeatlas.snn.subjects.residual.resnet_folds import fold_layers, fold_steps

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
        faster: Callable[[], FastWay | str],
    ) -> None:
        """``layers``: all of the network's; ``faster``: makes its faster way to rates, or says why there is none."""
        require_evaluation(network)
        check_weights(network)
        check_counts(showing.batch_size, showing.presentations)
        self.network, self.showing = network, showing
        self._depth = network.upto(neurons)
        self._neurons = require_rows(layers, neurons)
        self._images = images_at_once(layers, network.time_steps, showing)
        self._way = _other_way(showing) or faster()

    def __call__(self, images: Images) -> Responses:
        """See ``Respond``: spikes are counted exactly, over all time steps and positions.

        Sequences of F frames are uint8 (n, F, c, h, w), see ``encode``.
        """
        check_stimuli(images, self.network.input_shape, sequences=True)
        parts = {name: [np.empty((0, len(row)), np.float32)] for name, row in self._neurons.items()}
        for batch, count in self._batches(images):
            for name, responses in self._mean(batch).items():
                parts[name].append(responses[:count])
        return {name: np.concatenate(responses) for name, responses in parts.items()}

    def _batches(self, images: Images) -> Iterator[tuple[Images, int]]:
        """Batches and their sizes; the faster way fills up its own."""
        if isinstance(self._way, str):
            yield from padded_batches(images, self._images)
            return
        size = self.showing.batch_size
        for start in range(0, len(images), size):
            batch = images[start : start + size]
            yield batch, len(batch)

    def _mean(self, batch: Images) -> Responses:
        """Mean responses to one batch over the presentations (one if nothing is drawn)."""
        showing, key = self.showing, self.showing.key
        showings = showing.presentations if CODINGS[self.network.coding].stochastic else 1
        total: dict[str, NDArray[np.float64]] = {}
        for number in range(showings):
            inputs = encode(self.network, batch, None if key is None else key.shifted(number))
            for name, responses in self._responses(inputs).items():
                total[name] = responses + total[name] if name in total else responses
        return {
            name: (responses / showings).astype(np.float32) for name, responses in total.items()
        }

    def _responses(self, inputs: Tensor) -> dict[str, NDArray[np.float64]]:
        """Responses (n, neurons) to encoded images."""
        names = list(self._neurons)
        if not isinstance(self._way, str):
            frames = inputs[0] if len(inputs) == 1 else inputs
            return self._way.counts(frames, names, self._neurons)
        fold = fold_steps if self.showing.kind == "plain" else fold_layers
        showing, steps = self.showing, self.network.time_steps
        values = fold(self.network, inputs, names, showing.reading)
        return {
            name: showing.reading.responses(values[name], steps, showing.unit)[:, row]
            for name, row in self._neurons.items()
        }

    def describe(self) -> list[str]:
        """See ``Respond``."""
        if self.showing.kind == "plain":
            return ["all layers: plain loop; kind is 'plain'"]
        names = self.network.layers[: self._depth]
        if isinstance(self._way, str):
            way = f"torch's layers, {self._images} images over all time steps at once ({self._way})"
            lines = [f"{name}: {way}" for name in names]
        else:
            lines = self._way.describe(names)
        if self._depth < len(self.network.layers):
            lines.append(f"what stands behind {names[-1]}: left out")
        return lines


def _other_way(showing: Showing) -> str | None:
    """Say what of a showing the faster way does not serve; None for what it does."""
    if showing.kind == "plain":
        return "kind is 'plain'"
    if showing.reading != RATE:
        return f"{showing.reading.kind} reads whole spike trains"
    return None if showing.unit == "channel" else "one position of each map is read"


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
