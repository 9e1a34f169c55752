"""A spiking residual network as a subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, encode
from spikeatlas.snn.graph import FastWay
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks import (
    ResNetArchitecture,
    SpikingResNet,
    Trace,
    TrainableNetwork,
    silenced_neurons,
    with_neurons,
)
from spikeatlas.snn.registry import SPEC, UserPath
from spikeatlas.snn.responder import check_weights
from spikeatlas.snn.showing import Showing, check_stimuli
from spikeatlas.snn.subjects.base import Images, Neurons, Scores, Subject
from spikeatlas.snn.subjects.residual.resnet_responder import (
    ResNetResponder,
    images_at_once,
    require_evaluation,
)
from spikeatlas.snn.subjects.residual.resnet_way import layered_way
from spikeatlas.snn.subjects.trained import TrainedSpec

LACKED = ("gradients",)
"""The benchmark's gradient ascent goes through chains alone."""


class ResNetSubject(Subject):
    """A spiking residual network in evaluation mode."""

    lacks = LACKED

    def __init__(self, network: SpikingResNet, layers: Mapping[str, LayerInfo]) -> None:
        """``layers``: of the network, as its architecture describes them."""
        self.network = network
        self.input_shape = network.input_shape
        self.layers = layers
        self.stochastic = CODINGS[network.coding].stochastic
        self.time_steps = network.time_steps
        self.classes = network.classes

    def check(self) -> None:
        """See ``Subject``."""
        check_weights(self.network)

    def differentiable(self) -> SpikingResNet:
        """See ``Subject``."""
        return self.network

    def responder(self, neurons: Neurons, showing: Showing) -> ResNetResponder:
        """See ``Subject``."""
        fast = showing.kind == "fast"
        return ResNetResponder(
            self.network,
            self.layers,
            neurons,
            showing,
            lambda: self._reordered_way if fast else self._way,
        )

    @cached_property
    def _way(self) -> FastWay | str:
        """The faster way, made once: two threads that ask at a time make the same."""
        return layered_way(self.network)

    @cached_property
    def _reordered_way(self) -> FastWay | str:
        """The same with sums in the fastest order."""
        return self._way if isinstance(self._way, str) else self._way.reordered() or self._way

    @torch.no_grad()
    def scores(self, images: Images, showing: Showing) -> Scores:
        """See ``Subject``: as the decoding reads the outputs, averaged over the showings of a stochastic coding."""
        showings = showing.presentations if self.stochastic else 1
        parts = [np.empty((0, self.network.classes))]
        for batch, count in self._batches(images, showing):
            total = np.zeros((count, self.network.classes))
            for number in range(showings):
                key = None if showing.key is None else showing.key.shifted(number)
                outputs = self.network(encode(self.network, batch, key))
                total += self.network.scores(outputs).double().numpy()[:count]
            parts.append(total / showings)
        return np.concatenate(parts)

    def _batches(self, images: Images, showing: Showing) -> Iterator[tuple[Images, int]]:
        """Padded batches of images; ValueError for images of another type or shape than the network's."""
        require_evaluation(self.network)
        check_stimuli(images, self.network.input_shape, sequences=True)
        count = images_at_once(self.layers, self.network.time_steps, showing)
        return padded_batches(images, count)

    def silenced(self, layer: str, neuron: int) -> ResNetSubject:
        """See ``Subject``: a whole channel never spikes, neither for what follows nor for the shortcut."""
        self._require_neuron(layer, neuron)
        neurons = silenced_neurons(self.network.neurons(layer), neuron)
        return ResNetSubject(with_neurons(self.network, layer, neurons), self.layers)

    def _require_neuron(self, layer: str, neuron: int) -> None:
        self.network.upto([layer])
        size = self.layers[layer].neurons
        if not 0 <= neuron < size:
            raise ValueError(
                f"layer {layer!r} has no neuron {neuron} to silence: give one of 0 to {size - 1}."
            )

    @torch.no_grad()
    def scores_without(
        self, images: Images, neurons: Neurons, showing: Showing
    ) -> dict[str, NDArray[np.float64]]:
        """See ``Subject``. Only what follows a neuron is computed again: the spikes of the layers up to it are kept."""
        for layer, row in neurons.items():
            for neuron in row:
                self._require_neuron(layer, neuron)
        batches = [
            {
                layer: scores[:, :count]
                for layer, scores in self._batch_without(batch, neurons, showing).items()
            }
            for batch, count in self._batches(images, showing)
        ]
        return {
            layer: np.concatenate([scores[layer] for scores in batches], axis=1)
            for layer in neurons
        }

    def _batch_without(
        self, batch: Images, neurons: Neurons, showing: Showing
    ) -> dict[str, NDArray[np.float64]]:
        """Scores (neurons, n, classes) of each layer."""
        network, scores = self.network, {}
        inputs = encode(network, batch, showing.key)
        trace = Trace(inputs, inputs)
        for place in range(network.upto(neurons)):
            before, trace = trace, network.advance(place, trace, network.fire)
            outputs = [
                network.scores(
                    network.finish(place + 1, self._without(place, before, trace, neuron))
                )
                for neuron in neurons.get(network.layers[place], ())
            ]
            if outputs:
                scores[network.layers[place]] = torch.stack(outputs).double().numpy()
        return scores

    def _without(self, place: int, before: Trace, after: Trace, neuron: int) -> Trace:
        """Return the trace behind layer number ``place`` without one neuron's spikes; ``before``: what enters it."""
        others = self.network.neurons(self.network.layers[place]).without(neuron)
        if others is not None:
            steps = self.network.time_steps
            return self.network.advance(
                place, before, lambda _, currents: others.run(currents, steps)
            )
        spikes = after.spikes.clone()
        spikes[:, :, neuron] = 0
        return Trace(after.signal, spikes)


@dataclass(frozen=True, config=SPEC)
class ResNetSpec(ResNetArchitecture, TrainedSpec):
    """A spiking residual network, trained here: by default the paper's ResNet-18."""

    kind: Literal["resnet"] = "resnet"
    checkpoints: UserPath | None = None
    """Folder of checkpoints to load instead of training."""
    lacks: ClassVar[tuple[str, ...]] = LACKED

    @property
    def architecture(self) -> ResNetArchitecture:
        """See ``TrainedSpec``."""
        return self

    def subject(self, network: TrainableNetwork) -> ResNetSubject:
        """See ``TrainedSpec``."""
        assert isinstance(network, SpikingResNet)
        return ResNetSubject(network, self.layer_infos(network.input_shape, network.classes))
