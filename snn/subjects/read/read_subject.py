"""One subject, read in another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.layer_info import require_neurons
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.readings import (
    GroupReading,
    Reading,
    UnitChoice,
)
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.base import (
    Images,
    Neurons,
    Respond,
    Responses,
    Scores,
    Subject,
)
from spikeatlas.snn.subjects.read.read_problems import read_layers, reading_problems


class ReadSubject(Subject):
    """Another subject, whose neurons are those of a reading."""

    def __init__(self, subject: Subject, reading: Reading, unit: UnitChoice) -> None:
        self.subject = subject
        """As it is before it is read so."""
        self._reading, self._unit = reading, unit
        self._grouped = isinstance(reading, GroupReading)
        self.input_shape, self.classes = subject.input_shape, subject.classes
        self.layers = read_layers(subject, reading, unit)
        self.stochastic, self.time_steps = subject.stochastic, subject.time_steps
        self.lacks, self.step_scales = subject.lacks, subject.step_scales
        self.optimum, self.layered = subject.optimum, subject.layered and not self._grouped

    def responder(self, neurons: Neurons, showing: Showing) -> Respond:
        """See ``Subject``."""
        self._check(neurons)
        channels = {
            layer: self._reading.channels(layer, indices) for layer, indices in neurons.items()
        }
        respond = self.subject.responder(
            channels, replace(showing, reading=self._reading.trains, unit=self._unit)
        )
        return _GroupRespond(respond, self._reading, neurons) if self._grouped else respond

    def references(self, unit: UnitChoice = "channel") -> dict[str, NDArray[np.float32]]:
        """See ``Subject``: at the position that is read; none of a group, whose neurons have their own."""
        del unit
        return {} if self._grouped else self.subject.references(self._unit)

    def check(self) -> None:
        """See ``Subject``."""
        self.subject.check()

    def differentiable(self) -> TrainableNetwork | None:
        """See ``Subject``: none where neurons are read in groups."""
        return None if self._grouped else self.subject.differentiable()

    def _check(self, neurons: Neurons) -> None:
        """Raise ValueError for what cannot be read so, and for neurons that there are not."""
        problems = reading_problems(self.subject, self._reading, self._unit, neurons)
        if problems:
            raise ValueError(" ".join(problems))
        for layer, indices in neurons.items():
            self._check_neurons(layer, indices)

    def _check_neurons(self, layer: str, neurons: Sequence[int]) -> None:
        if layer not in self.layers:
            raise ValueError(
                f"there is no layer {layer!r} to read by {self._reading.kind}: there are {', '.join(self.layers)}."
            )
        require_neurons(layer, neurons, self.layers[layer].neurons)

    def scores(self, images: Images, showing: Showing) -> Scores:
        """See ``Subject``: no reading changes them."""
        return self.subject.scores(images, showing)

    def silenced(self, layer: str, neuron: int) -> Subject:
        """See ``Subject``; of a group, none of its neurons responds."""
        self._check_neurons(layer, [neuron])
        subject = self.subject
        for channel in self._reading.channels(layer, [neuron]):
            subject = subject.silenced(layer, channel)
        return ReadSubject(subject, self._reading, self._unit)

    def scores_without(
        self, images: Images, neurons: Neurons, showing: Showing
    ) -> dict[str, NDArray[np.float64]]:
        """See ``Subject``."""
        if self._grouped:
            return super().scores_without(images, neurons, showing)
        return self.subject.scores_without(images, neurons, showing)


class _GroupRespond:
    """Responses of groups, from those of their neurons."""

    def __init__(self, respond: Respond, reading: Reading, neurons: Neurons) -> None:
        self._respond, self._reading = respond, reading
        self._neurons: Mapping[str, Sequence[int]] = dict(neurons)

    def __call__(self, images: Images) -> Responses:
        responses = self._respond(images)
        return {
            layer: self._reading.combine(layer, indices, responses[layer])
            for layer, indices in self._neurons.items()
        }

    def describe(self) -> list[str]:
        return [f"{line}; then {self._reading.kind}" for line in self._respond.describe()]
