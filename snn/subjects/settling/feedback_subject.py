"""A feedback spiking network as a subject."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic.dataclasses import dataclass

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, encode
from spikeatlas.snn.device import copy_on
from spikeatlas.snn.networks import (
    FeedbackArchitecture,
    FeedbackNetwork,
    TrainableNetwork,
    silenced_neurons,
    with_neurons,
)
from spikeatlas.snn.registry import SPEC, UserPath
from spikeatlas.snn.responder import check_weights
from spikeatlas.snn.showing import Showing, check_stimuli
from spikeatlas.snn.subjects.base import Images, Neurons, Scores, Subject
from spikeatlas.snn.subjects.settling.feedback_responder import FeedbackResponder
from spikeatlas.snn.subjects.trained import TrainedSpec


class FeedbackSubject(Subject):
    """A feedback spiking network, shown every image from rest."""

    lacks = ("gradients",)

    def __init__(self, network: FeedbackNetwork) -> None:
        self.network = network
        self.input_shape = network.input_shape
        self.layers = network.layer_infos()
        self.stochastic = CODINGS[network.coding].stochastic
        self.time_steps = network.time_steps
        self.classes = network.classes

    def check(self) -> None:
        """See ``Subject``."""
        check_weights(self.network)

    def responder(self, neurons: Neurons, showing: Showing) -> FeedbackResponder:
        """See ``Subject``."""
        return FeedbackResponder(self.network, neurons, showing)

    @torch.no_grad()
    def scores(self, images: Images, showing: Showing) -> Scores:
        """See ``Subject``: the read-out of the rates, averaged over the showings of a stochastic coding."""
        check_stimuli(images, self.input_shape, sequences=True)
        showings = showing.presentations if self.stochastic else 1
        network = copy_on(self.network, showing.device)
        parts = [np.empty((0, network.classes))]
        for batch, count in padded_batches(images, showing.batch_size):
            total = np.zeros((count, network.classes))
            for number in range(showings):
                key = None if showing.key is None else showing.key.shifted(number)
                outputs = network(encode(network, batch, key).to(network.device))
                total += network.scores(outputs).double().cpu().numpy()[:count]
            parts.append(total / showings)
        return np.concatenate(parts)

    def silenced(self, layer: str, neuron: int) -> FeedbackSubject:
        """See ``Subject``: the unit never spikes, neither for the read-out nor for the others."""
        neurons, size = self.network.neurons(layer), self.layers[layer].neurons
        if not 0 <= neuron < size:
            raise ValueError(
                f"layer {layer!r} has no neuron {neuron} to silence: give one of 0 to {size - 1}."
            )
        return FeedbackSubject(
            with_neurons(self.network, "neuron", silenced_neurons(neurons, neuron))
        )


@dataclass(frozen=True, config=SPEC)
class FeedbackSpec(FeedbackArchitecture, TrainedSpec):
    """A feedback spiking network, trained here by ``training.method: spide``."""

    kind: Literal["feedback"] = "feedback"
    checkpoints: UserPath | None = None
    """Folder of checkpoints to load instead of training."""
    lacks: ClassVar[tuple[str, ...]] = FeedbackSubject.lacks

    @property
    def architecture(self) -> FeedbackArchitecture:
        """See ``TrainedSpec``."""
        return self

    def subject(self, network: TrainableNetwork) -> FeedbackSubject:
        """See ``TrainedSpec``."""
        assert isinstance(network, FeedbackNetwork)
        return FeedbackSubject(network)
