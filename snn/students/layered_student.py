"""A student with the layers of the subject: each is fitted to what was recorded of it, behind those before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from spikeatlas.snn.readings import UnitChoice
from spikeatlas.snn.readings.positions import pick
from spikeatlas.snn.students.base import Answers, Recording, StudentModel, graded
from spikeatlas.snn.students.structure import Shape, Structure, pairs
from spikeatlas.snn.students.student_layer import StudentLayer

_CHUNK = 256


class SearchedNeuron(NamedTuple):
    """A neuron that is searched for."""

    layer: str
    neuron: int


class LayeredStudent(StudentModel):
    """Layers in a row, down to the deepest that is searched."""

    def __init__(
        self,
        structure: Structure,
        image_shape: Shape,
        targets: Sequence[SearchedNeuron],
        reading: UnitChoice = "channel",
    ) -> None:
        """``reading``: of a layer's maps, that the numbers are."""
        super().__init__(image_shape[0])
        names = [form.name for form in structure]
        depth = max(names.index(target.layer) for target in targets) + 1
        self.layers = nn.ModuleList(
            StudentLayer(form, source) for form, source in pairs(structure[:depth], image_shape)
        )
        self._reading = reading
        self._places = torch.tensor([names.index(target.layer) for target in targets])
        self._units = torch.tensor([target.neuron for target in targets])

    def __iter__(self) -> Iterator[StudentLayer]:
        return iter(self.layers)  # type: ignore[arg-type]

    def fit(self, recording: Recording, random: torch.Generator) -> None:
        """See ``StudentModel``: layer by layer; each sees what the student's own layers before it make of the images."""
        self.measure_pixels(recording.images)
        signals = self.standardise(recording.images)
        deepest = self.layers[-1]
        for layer in self:
            layer.measure(signals)
            name = layer.form.name
            maps = recording.maps.get(name)
            if not layer.form.kernel:
                layer.fit_units(signals, recording.numbers[name], random)
            elif maps is not None:
                layer.fit_maps(signals[: len(maps)], maps, random)
            else:
                layer.fit_numbers(signals, recording.numbers[name], self._reading, random)
            if layer is not deepest:
                signals = torch.cat([layer(part) for part in signals.split(_CHUNK)])

    def answers(self, stimuli: Tensor, neurons: Tensor) -> Answers:
        """See ``StudentModel``."""
        places, units = self._places[neurons], self._units[neurons]
        signals = self.standardise(stimuli)
        responses = drives = torch.zeros(len(stimuli))
        for place, layer in enumerate(self):
            drive = layer.drive(signals)
            signals = graded(drive, layer.form.unit)
            rows = (places == place).nonzero()[:, 0]
            if len(rows):
                responses, drives = (
                    total.index_put((rows,), pick(values, self._reading)[rows, units[rows]])
                    for total, values in ((responses, signals), (drives, drive))
                )
        return Answers(responses, drives)
