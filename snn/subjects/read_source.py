"""A subject as a study reads it: by another reading than the rate, at a position of its maps, in groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.layer_info import LayerInfo, require_neurons
from spikeatlas.snn.readings import (
    RATE,
    GroupReading,
    Reading,
    UnitChoice,
    at_place,
    unit_in_vain,
    unit_problems,
)
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.base import (
    Images,
    Neurons,
    Respond,
    Responses,
    Scores,
    Source,
    Subject,
)
from spikeatlas.snn.subjects.training_progress import Progress


def read_source(source: Source, reading: Reading = RATE, unit: UnitChoice = "channel") -> Source:
    """Return the same subjects, read as ``probe.reading`` and ``probe.unit`` of a study say.

    Their layers, neurons and units are those of the reading; what is read of a network's classes stays.
    """
    if reading == RATE and unit == "channel":
        return source
    return ReadSource(source, reading, unit)


def reading_problems(
    source: Source | Subject,
    reading: Reading,
    unit: UnitChoice,
    layers: Collection[str] | None = None,
) -> list[str]:
    """Say in sentences what keeps layers of a subject, as it is before ``read_source``, from being read so.

    ``layers``: those that are probed, if not all; names that there are not are left to others.
    """
    probed = _probed(source, layers)
    # groups are named in the reading, and their layers with them
    grouped = isinstance(reading, GroupReading)
    problems = reading.problems(source.layers if grouped else probed, source.time_steps)
    if problems:
        return problems
    readable = reading.layers(source.layers, source.time_steps)
    return unit_problems(unit, {name: info for name, info in probed.items() if name in readable})


def probe_problems(
    source: Source,
    reading: Reading,
    unit: UnitChoice,
    layers: Collection[str] | None = None,
) -> list[str]:
    """Say in sentences what keeps all layers that a study probes from being read so, as ``reading_problems``.

    Also that a position is named, and none of them has a map.
    """
    problems = reading_problems(source, reading, unit, layers)
    if problems:
        return problems
    readable = reading.layers(source.layers, source.time_steps)
    probed = _probed(source, layers)
    return unit_in_vain(unit, {name: info for name, info in probed.items() if name in readable})


def _probed(source: Source | Subject, layers: Collection[str] | None) -> dict[str, LayerInfo]:
    return {name: info for name, info in source.layers.items() if layers is None or name in layers}


def read_layers(
    subject: Source | Subject, reading: Reading, unit: UnitChoice
) -> dict[str, LayerInfo]:
    """Return the layers of a subject as they are read; without those that the reading says nothing of."""
    return {
        name: at_place(info, unit)
        for name, info in reading.layers(subject.layers, subject.time_steps).items()
    }


class ReadSource(Source):
    """The epochs of another source, each read in the same way."""

    def __init__(self, source: Source, reading: Reading, unit: UnitChoice) -> None:
        self.source = source
        """As it is before it is read so: for what its kind alone has, such as a module's accuracy."""
        self._way = (reading, unit)
        self.input_shape = source.input_shape
        self.layers = read_layers(source, reading, unit)
        says = f"is a layer of which probe.reading ({reading.kind}) says nothing"
        others = {name: says for name in source.layers if name not in self.layers}
        self.hidden = {**source.hidden, **others}
        self.stochastic, self.time_steps = source.stochastic, source.time_steps
        self.classes, self.lacks = source.classes, source.lacks
        self.scaled_steps, self.certified = source.scaled_steps, source.certified
        self.outputs = tuple(name for name in source.outputs if name in self.layers)
        self.place, self.folder, self.facts = source.place, source.folder, source.facts

    def epochs(self) -> dict[float, Path | None]:
        """See ``Source``."""
        return self.source.epochs()

    def open(self, epoch: float) -> Subject:
        """See ``Source``."""
        return ReadSubject(self.source.open(epoch), *self._way)

    def example(self) -> Subject:
        """See ``Source``."""
        return ReadSubject(self.source.example(), *self._way)

    def digest(self, epoch: float) -> str:
        """See ``Source``: of the subject, whatever is read of it."""
        return self.source.digest(epoch)

    def progress(self, epoch: float) -> Progress:
        """See ``Source``."""
        return self.source.progress(epoch)

    def problems(self, epochs: Sequence[float]) -> list[str]:
        """See ``Source``."""
        return self.source.problems(epochs)

    @property
    def network_digest(self) -> str:
        """See ``Source``."""
        return self.source.network_digest

    @property
    def network_parts(self) -> dict[str, str]:
        """See ``Source``."""
        return self.source.network_parts

    def fingerprint(self, epoch: float) -> str:
        """See ``Source``."""
        return self.source.fingerprint(epoch)

    def doubts(self, epoch: float, accuracy: float) -> list[str]:
        """See ``Source``."""
        return self.source.doubts(epoch, accuracy)

    def unreadable(self) -> dict[float, str]:
        """See ``Source``."""
        return self.source.unreadable()


class ReadSubject(Subject):
    """Another subject, whose neurons are those of a reading."""

    def __init__(self, subject: Subject, reading: Reading, unit: UnitChoice) -> None:
        self.subject = subject
        """As it is before it is read so."""
        self._reading = reading
        self._unit = unit
        self.input_shape = subject.input_shape
        self.layers = read_layers(subject, reading, unit)
        self.stochastic, self.time_steps = subject.stochastic, subject.time_steps
        self.classes, self.lacks = subject.classes, subject.lacks
        self.step_scales = subject.step_scales

    def responder(self, neurons: Neurons, showing: Showing) -> Respond:
        """See ``Subject``."""
        self._check(neurons)
        channels = {
            layer: self._reading.channels(layer, indices) for layer, indices in neurons.items()
        }
        respond = self.subject.responder(
            channels, replace(showing, reading=self._reading.trains, unit=self._unit)
        )
        grouped = isinstance(self._reading, GroupReading)
        return _GroupRespond(respond, self._reading, neurons) if grouped else respond

    def references(self, unit: UnitChoice = "channel") -> dict[str, NDArray[np.float32]]:
        """See ``Subject``: at the position that is read; none of a group, whose neurons have their own."""
        del unit
        grouped = isinstance(self._reading, GroupReading)
        return {} if grouped else self.subject.references(self._unit)

    def check(self) -> None:
        """See ``Subject``."""
        self.subject.check()

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
        if isinstance(self._reading, GroupReading):
            return super().scores_without(images, neurons, showing)
        return self.subject.scores_without(images, neurons, showing)


class _GroupRespond:
    """Responses of groups, from those of their neurons."""

    def __init__(self, respond: Respond, reading: Reading, neurons: Neurons) -> None:
        self._respond = respond
        self._reading = reading
        self._neurons: Mapping[str, Sequence[int]] = dict(neurons)

    def __call__(self, images: Images) -> Responses:
        responses = self._respond(images)
        return {
            layer: self._reading.combine(layer, indices, responses[layer])
            for layer, indices in self._neurons.items()
        }

    def describe(self) -> list[str]:
        return [f"{line}; then {self._reading.kind}" for line in self._respond.describe()]
