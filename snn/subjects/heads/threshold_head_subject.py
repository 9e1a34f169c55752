"""Threshold units on frozen features as a subject: their margins, or their answers to noisy copies of an image."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, CodingKey, encode
from spikeatlas.snn.device import copy_on
from spikeatlas.snn.layer_info import LayerInfo, require_neurons
from spikeatlas.snn.networks import CERTIFICATES, UNITS, ThresholdHead, ThresholdHeadArchitecture
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.responder import check_counts, check_weights
from spikeatlas.snn.sentences import near
from spikeatlas.snn.showing import Showing, check_stimuli
from spikeatlas.snn.subjects.base import Images, Neurons, Responses, Scores, Subject

LACKED = ("gradients",)
"""Units that are on or off have none."""

_FRAMES = 256
"""Images times time steps that a frozen network is shown at once."""
_NOISE_SEED = 0
"""The noise of copies is a part of the question, as its size is: the same for all images, units and studies."""

Measure = Callable[[ThresholdHead, Images, CodingKey | None], Tensor]
"""Numbers (n, columns), float64, of images in one showing."""


class ThresholdHeadSubject(Subject):
    """Threshold units in evaluation mode."""

    lacks = LACKED

    def __init__(self, network: ThresholdHead, architecture: ThresholdHeadArchitecture) -> None:
        """``architecture``: says what a response is."""
        self.network = network
        self.architecture = architecture
        self.input_shape = network.input_shape
        self.layers = {UNITS: LayerInfo(network.units, (), architecture.unit)}
        self.stochastic = CODINGS[network.coding].stochastic
        self.time_steps = network.time_steps
        self.classes = network.classes
        self.optimum = {name: network.get_buffer(name).cpu().numpy() for name in CERTIFICATES}

    def check(self) -> None:
        """See ``Subject``."""
        check_weights(self.network)

    def responder(self, neurons: Neurons, showing: Showing) -> HeadResponder:
        """See ``Subject``."""
        return HeadResponder(self, neurons, showing)

    def scores(self, images: Images, showing: Showing) -> Scores:
        """See ``Subject``."""
        return show(self.network, images, showing, _scores, self.network.classes)

    def silenced(self, layer: str, neuron: int) -> ThresholdHeadSubject:
        """See ``Subject``: a unit without weights is none."""
        require_units(self, {layer: [neuron]})
        network = copy.deepcopy(self.network)
        network.weights[neuron] = 0
        return ThresholdHeadSubject(network, self.architecture)

    def scores_without(
        self, images: Images, neurons: Neurons, showing: Showing
    ) -> dict[str, NDArray[np.float64]]:
        """See ``Subject``: what a unit adds is taken away."""
        units = list(require_units(self, neurons))

        def measure(network: ThresholdHead, batch: Images, key: CodingKey | None) -> Tensor:
            on = network.on(network.margins(encode(network, batch, key).to(network.device)))
            parts = on[:, units, None] * network.weights[units]
            return ((on @ network.weights)[:, None] - parts).flatten(1)

        columns = len(units) * self.network.classes
        scores = show(self.network, images, showing, measure, columns)
        return {UNITS: scores.reshape(len(images), len(units), -1).swapaxes(0, 1)}


class HeadResponder:
    """Responses of some units to stimuli; calls change nothing, so threads may share it.

    ValueError for unknown layers or units, and for weights that are NaN or infinite.
    """

    def __init__(self, subject: ThresholdHeadSubject, neurons: Neurons, showing: Showing) -> None:
        check_counts(showing.batch_size, showing.presentations)
        subject.check()
        if showing.reading != RATE or showing.unit != "channel":
            raise ValueError(
                "threshold units have neither spikes nor maps: read them by rate, of channels."
            )
        self._units = list(require_units(subject, neurons))
        self._network, self._showing = subject.network, showing
        self._architecture = subject.architecture

    def __call__(self, images: Images) -> Responses:
        """See ``Respond``."""
        noisy = self._architecture.response == "noisy"
        measure = _answers_to_copies(self._architecture) if noisy else _margins
        responses = show(self._network, images, self._showing, measure, self._network.units)
        return {UNITS: responses[:, self._units].astype(np.float32)}

    def describe(self) -> list[str]:
        """See ``Respond``."""
        frozen = self._architecture.frozen
        features = "pixels" if frozen is None else f"{frozen.layer}, by torch's layers"
        copies = f"mean over {self._architecture.copies} noisy copies"
        response = "margins" if self._architecture.response == "margin" else copies
        return [f"{UNITS}: {response}; features are {features}"]


def require_units(subject: ThresholdHeadSubject, neurons: Neurons) -> tuple[int, ...]:
    """Return the units asked for. ValueError for none, for one that there is not, and for another layer."""
    if not neurons:
        raise ValueError(f"layers is empty: name {UNITS}.")
    for layer in neurons:
        if layer != UNITS:
            raise ValueError(
                f"layers names {layer!r}, but the network has {UNITS}{near(layer, [UNITS])}."
            )
    return require_neurons(UNITS, neurons[UNITS], subject.network.units)


@torch.no_grad()
def show(
    network: ThresholdHead, images: Images, showing: Showing, measure: Measure, columns: int
) -> NDArray[np.float64]:
    """Measure images (n, columns), the mean over the showings of a stochastic coding."""
    check_stimuli(images, network.input_shape, sequences=True)
    network = copy_on(network, showing.device)
    showings = showing.presentations if CODINGS[network.coding].stochastic else 1
    size = showing.batch_size
    if network.trunk is not None:
        # of the network and the showing alone, so that a response depends on nothing but its stimulus
        size = min(size, max(1, _FRAMES // network.time_steps))
    parts = [np.empty((0, columns))]
    for batch, count in padded_batches(images, size):
        total = np.zeros((count, columns))
        for number in range(showings):
            key = None if showing.key is None else showing.key.shifted(number)
            total += measure(network, batch, key)[:count].cpu().numpy()
        parts.append(total / showings)
    return np.concatenate(parts)


def _scores(network: ThresholdHead, images: Images, key: CodingKey | None) -> Tensor:
    inputs = encode(network, images, key).to(network.device)
    return network.scores(network(inputs))


def _margins(network: ThresholdHead, images: Images, key: CodingKey | None) -> Tensor:
    return network.margins(encode(network, images, key).to(network.device))


def _answers_to_copies(architecture: ThresholdHeadArchitecture) -> Measure:
    """Return what measures the share of an image's noisy copies that turn a unit on."""

    def measure(network: ThresholdHead, images: Images, key: CodingKey | None) -> Tensor:
        total = torch.zeros(len(images), network.units, dtype=torch.float64, device=network.device)
        random = np.random.default_rng(_NOISE_SEED)
        for _ in range(architecture.copies):
            noise = 255 * architecture.noise * random.standard_normal(network.input_shape)
            # a copy is an image that a screen could show
            noisy = np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)
            total += network.on(_margins(network, noisy, key))
        return total / architecture.copies

    return measure
