"""The epochs of a subject, each read in another way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spikeatlas.snn.readings import (
    RATE,
    Reading,
    UnitChoice,
)
from spikeatlas.snn.subjects.base import (
    Source,
    Subject,
)
from spikeatlas.snn.subjects.read.read_problems import read_layers
from spikeatlas.snn.subjects.read.read_subject import ReadSubject
from spikeatlas.snn.subjects.training_progress import Progress


def read_source(source: Source, reading: Reading = RATE, unit: UnitChoice = "channel") -> Source:
    """Return the same subjects, read as ``probe.reading`` and ``probe.unit`` of a study say.

    Their layers, neurons and units are those of the reading; what is read of a network's classes stays.
    """
    if reading == RATE and unit == "channel":
        return source
    return ReadSource(source, reading, unit)


class ReadSource(Source):
    """The epochs of another source, each read in the same way."""

    def __init__(self, source: Source, reading: Reading, unit: UnitChoice) -> None:
        self.source = source
        """As it is before it is read so: for what its kind alone has, such as a module's accuracy."""
        self._way = (reading, unit)
        self.input_shape, self.classes = source.input_shape, source.classes
        self.layers = read_layers(source, reading, unit)
        says = f"is a layer of which probe.reading ({reading.kind}) says nothing"
        others = {name: says for name in source.layers if name not in self.layers}
        self.hidden = {**source.hidden, **others}
        self.stochastic, self.time_steps = source.stochastic, source.time_steps
        self.lacks, self.scaled_steps = source.lacks, source.scaled_steps
        self.certified, self.acts = source.certified, source.acts
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

    def at_length(self, time_steps: int) -> Source:
        """See ``Source``."""
        return ReadSource(self.source.at_length(time_steps), *self._way)

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
