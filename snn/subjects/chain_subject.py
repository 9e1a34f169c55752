"""A network whose spiking layers stand in a row, as a subject."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, encode
from spikeatlas.snn.device import copy_on
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.life import DriveResponder, thresholds
from spikeatlas.snn.networks import (
    RateDecoding,
    SpikingLayer,
    SpikingNetwork,
    silenced,
    silenced_layer,
)
from spikeatlas.snn.responder import Responder, check_weights, layer_shapes
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.base import Images, Neurons, Scores, Subject


class ChainSubject(Subject):
    """A spiking network in evaluation mode: each layer is computed in the cheapest exact way."""

    def __init__(self, network: SpikingNetwork) -> None:
        self.network = network
        self.input_shape = network.input_shape
        shapes = layer_shapes(network, list(network))
        self.layers = {
            layer.name: _info(network, layer, shape.target)
            for layer, shape in zip(network, shapes, strict=True)
        }
        self.stochastic = CODINGS[network.coding].stochastic
        self.time_steps = network.time_steps
        self.classes = network.classes
        self.step_scales = _step_scales(network)

    def check(self) -> None:
        """See ``Subject``."""
        check_weights(self.network)

    def differentiable(self) -> SpikingNetwork:
        """See ``Subject``."""
        return self.network

    def responder(self, neurons: Neurons, showing: Showing) -> Responder:
        """See ``Subject``."""
        return Responder(
            self.network,
            list(neurons),
            neurons=neurons,
            kind=showing.kind,
            batch_size=showing.batch_size,
            memory=showing.memory,
            key=showing.key,
            presentations=showing.presentations,
            reading=showing.reading,
            unit=showing.unit,
            device=showing.device,
        )

    def drive_responder(self, neurons: Neurons, showing: Showing) -> DriveResponder | None:
        """See ``Subject``: of a map the largest; None where a layer's neurons follow no rule with a threshold."""
        layers = [layer for layer in self.network if layer.name in neurons]
        if any(thresholds(layer) is None for layer in layers):
            return None
        return DriveResponder(self.network, neurons, showing.key, in_thresholds=True)

    def scores(self, images: Images, showing: Showing) -> Scores:
        """See ``Subject``: where the rate is read, spike counts."""
        if not isinstance(self.network.decoding, RateDecoding):
            return self._decoded(images, showing)
        output = self.network.layers[-1]
        rates = self.responder({output: range(self.network.classes)}, showing)(images)[output]
        counts = np.rint(rates.astype(np.float64) * self.network.time_steps * showing.presentations)
        return np.asarray(counts / showing.presentations)

    @torch.no_grad()
    def _decoded(self, images: Images, showing: Showing) -> Scores:
        """Scores by another decoding, averaged over the showings."""
        parts = [np.empty((0, self.network.classes))]
        network = copy_on(self.network, showing.device)
        for batch, count in padded_batches(images, showing.batch_size):
            total = np.zeros((count, self.network.classes))
            for number in range(showing.presentations):
                key = None if showing.key is None else showing.key.shifted(number)
                outputs = network(encode(network, batch, key).to(network.device))
                total += network.scores(outputs).double().cpu().numpy()[:count]
            parts.append(total / showing.presentations)
        return np.concatenate(parts)

    def silenced(self, layer: str, neuron: int) -> ChainSubject:
        """See ``Subject``."""
        return ChainSubject(silenced(self.network, layer, neuron))

    @torch.no_grad()
    def scores_without(
        self, images: Images, neurons: Neurons, showing: Showing
    ) -> dict[str, NDArray[np.float64]]:
        """See ``Subject``. Only what follows a neuron is computed again: the spikes of the layers up to it are kept."""
        self.network.upto(neurons)
        batches = [
            self._batch_without(batch, count, neurons, showing)
            for batch, count in padded_batches(images, showing.batch_size)
        ]
        return {
            layer: np.concatenate([scores[layer] for scores in batches], axis=1)
            for layer in neurons
        }

    def _batch_without(
        self, batch: Images, count: int, neurons: Neurons, showing: Showing
    ) -> dict[str, NDArray[np.float64]]:
        """Scores (neurons, count, classes) of each layer."""
        spikes = encode(self.network, batch, showing.key)
        scores: dict[str, NDArray[np.float64]] = {}
        for place, layer in enumerate(self.network):
            inputs, spikes = spikes, layer(spikes, self.network.time_steps)
            rows = [
                self._finish(place + 1, self._without(layer, inputs, spikes, neuron))[:count]
                for neuron in neurons.get(layer.name, ())
            ]
            if rows:
                scores[layer.name] = torch.stack(rows).double().numpy()
        return scores

    def _without(self, layer: SpikingLayer, inputs: Tensor, spikes: Tensor, neuron: int) -> Tensor:
        """Spikes (T, n, neurons, ...) of a layer without those of one neuron; ``spikes``: with all."""
        if layer.neuron.without(neuron) is not None:
            muted: Tensor = silenced_layer(layer, neuron)(inputs, self.network.time_steps)
            return muted
        others = spikes.clone()
        others[:, :, neuron] = 0
        return others

    def _finish(self, start: int, spikes: Tensor) -> Tensor:
        """Output scores (n, classes) from the spikes that enter layer number ``start``."""
        for layer in list(self.network)[start:]:
            spikes = layer(spikes, self.network.time_steps)
        return self.network.scores(spikes)


def _step_scales(network: SpikingNetwork) -> dict[str, NDArray[np.float32]]:
    norms = {layer.name: layer.norm for layer in network if layer.norm is not None}
    scales = {name: norm.step_scales() for name, norm in norms.items()}
    return {name: row.mean(1).cpu().numpy() for name, row in scales.items() if row is not None}


def _info(network: SpikingNetwork, layer: SpikingLayer, shape: tuple[int, ...]) -> LayerInfo:
    unit = layer.neuron.unit(network.time_steps, shape[1:])
    return LayerInfo(layer.size, shape[1:], unit)
