"""Responses of a feedback network: its loop over time, an operator of a still image computed once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, encode
from spikeatlas.snn.device import copy_on
from spikeatlas.snn.layer_info import require_neurons
from spikeatlas.snn.networks import FeedbackNetwork
from spikeatlas.snn.responder import check_counts, check_weights
from spikeatlas.snn.showing import Showing, check_stimuli
from spikeatlas.snn.subjects.base import Images, Neurons, Responses


class FeedbackResponder:
    """Responses of some units to stimuli.

    Weights are looked at when it is made; calls change nothing, so threads may share it. ValueError for unknown
    layers or neurons, and for NaN or infinite weights.
    """

    def __init__(self, network: FeedbackNetwork, neurons: Neurons, showing: Showing) -> None:
        check_weights(network)
        check_counts(showing.batch_size, showing.presentations)
        network.require(neurons)
        self.network, self.showing = copy_on(network, showing.device), showing
        units = self.network.feedback.out_features
        self._neurons = {
            layer: list(require_neurons(layer, row, units)) for layer, row in neurons.items()
        }

    def __call__(self, images: Images) -> Responses:
        """See ``Respond``: spikes are counted exactly, over all time steps.

        Sequences of F frames are uint8 (n, F, c, h, w), see ``encode``.
        """
        check_stimuli(images, self.network.input_shape, sequences=True)
        parts = [np.empty((0, self.network.feedback.out_features), np.float32)]
        for batch, count in padded_batches(images, self.showing.batch_size):
            parts.append(self._mean(batch)[:count])
        responses = np.concatenate(parts)
        return {layer: responses[:, row] for layer, row in self._neurons.items()}

    def _mean(self, batch: Images) -> NDArray[np.float32]:
        """Mean responses (n, units) to one batch over the presentations (one if nothing is drawn)."""
        showing, key = self.showing, self.showing.key
        showings = showing.presentations if CODINGS[self.network.coding].stochastic else 1
        total = np.zeros((len(batch), 1), np.float64)
        for number in range(showings):
            inputs = encode(self.network, batch, None if key is None else key.shifted(number))
            total = total + self._responses(inputs.to(self.network.device))
        return (total / showings).astype(np.float32)

    @torch.no_grad()
    def _responses(self, inputs: Tensor) -> NDArray[np.float64]:
        """Responses (n, units) to encoded images."""
        reading, value = self.showing.reading, None
        for step, spikes in enumerate(self.network.steps(inputs)):
            value = reading.fold(value, self.network.neuron.relative(spikes)[None], step)
        assert value is not None
        return reading.responses(value.cpu(), self.network.time_steps, self.showing.unit)

    def describe(self) -> list[str]:
        """See ``Respond``."""
        return [
            f"{layer}: plain loop; its units see each other's spikes" for layer in self._neurons
        ]
