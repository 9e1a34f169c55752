"""A block of neurons, ready to be asked: what all its searches and measurements have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import RESPONSE, Knowledge, Points, Recordings, Space, Student
from spikeatlas.snn.generators import Generator
from spikeatlas.tasks.search.block_student import STIMULUS, BlockStudent, StudentSite
from spikeatlas.tasks.search.margin import Margin
from spikeatlas.tasks.search.objective import Objective

Responses = NDArray[np.float32]
Images = NDArray[np.uint8]
Respond = Callable[[Images], Responses]
"""Stimuli (n, c, h, w) to responses (n, N)."""
Record = Callable[[Images], Recordings]
"""Stimuli (n, c, h, w) to the responses (n, neurons) of all neurons of some layers, by layer."""
Listening = Literal["all", "own"]
"""Responses that a student is told: of all neurons that were recorded, or of the neuron it is of."""
Watch = Callable[[str], AbstractContextManager[None]]
"""A stop-watch: the context in which one part of a search runs (``optimizer``, ``decode``, ``respond``)."""


class Evaluation(NamedTuple):
    """The answer of N * R searches to n points."""

    values: Responses
    """(n, N * R) of the objective."""
    lowest: Responses
    """(N * R,) lowest response to any of the points."""
    highest: Responses
    stimuli: int
    """Different stimuli decoded and shown."""
    recordings: Recordings = MappingProxyType({})
    """All else that was told of the points, for methods that learn from it."""
    drive: Responses | None = None
    """(N * R,) largest drive by any of the points; None where nobody asks for it."""


class Screening(NamedTuple):
    """Points that were shown before a search, and the answer of N searches to them."""

    points: Points
    evaluation: Evaluation


def unwatched(part: str) -> AbstractContextManager[None]:
    """Return the context of a part that nobody times."""
    del part
    return nullcontext()


def span(responses: Responses) -> tuple[Responses, Responses]:
    """Return the lowest and the highest (N,) of responses (n, N); infinite where n is 0."""
    return responses.min(axis=0, initial=np.inf), responses.max(axis=0, initial=-np.inf)


class Probe(ABC):
    """N neurons of one layer with their generator, search space, objective, and one responder a purpose.

    Made once for all methods and repeats of a task; with R repeats each neuron stands R times in a row.
    """

    def __init__(
        self,
        generator: Generator,
        space: Space,
        objective: Objective,
        *,
        batch_size: int,
        watch: Watch = unwatched,
    ) -> None:
        """Hold what is the same for every search; ``batch_size``: stimuli decoded together."""
        self.generator, self.space, self.objective = generator, space, objective
        self.watch = watch
        self.margin: Margin | None = None
        self._batch_size = batch_size
        self._responders: dict[str, Respond] = {}
        self._recorders: dict[str, Record] = {}

    @abstractmethod
    def open_responder(self, purpose: str) -> Respond:
        """Make the responder of a purpose, whose noise (of a stochastic coding) is its own."""

    @abstractmethod
    def open_recorder(self, purpose: str) -> Record:
        """Make the recorder of a purpose: of all neurons of the layers that a student may learn from."""

    @abstractmethod
    def responses_in(self, recordings: Recordings) -> Responses:
        """Return the responses (n, N) of the neurons, of what a recorder told."""

    @abstractmethod
    def site(self, knows: Knowledge | None) -> StudentSite:
        """Return what a student of the neurons is made of."""

    def student(self, options: Mapping[str, Any], *, share: bool) -> Student:
        """Make a student of the neurons, for a method with such options."""
        site = self.site(options.get("knows") if share else "numbers")
        return BlockStudent(site, self.generator, self.space, self.objective)

    def respond(self, purpose: str, images: Images) -> Responses:
        """Return the responses (n, N) to stimuli (n, c, h, w)."""
        if purpose not in self._responders:
            self._responders[purpose] = self.open_responder(purpose)
        return self._responders[purpose](images)

    def respond_own(self, purpose: str, images: Images) -> Responses:
        """Return the responses (N * R, k) of each search's neuron to its own stimuli (N * R, k, c, h, w)."""
        searches, count = images.shape[:2]
        responses = self.respond(purpose, images.reshape(-1, *images.shape[2:]))
        neurons = np.repeat(np.arange(responses.shape[1]), len(responses) // responses.shape[1])
        return responses[np.arange(len(responses)), neurons].reshape(searches, count)

    def decode(self, points: Points) -> Images:
        """Return the stimuli (n, c, h, w) of points (n, d)."""
        return self.generator.decode(points, batch_size=self._batch_size)

    def evaluate(
        self, points: Points, repeats: int, listening: Listening | None = None
    ) -> Evaluation:
        """Show points (n, d) to all searches, each different one decoded and shown once.

        A stimulus answers the same wherever it stands, so this changes no value; a search that has
        nearly settled proposes many points twice. ``listening``: for a student, and to whom.
        """
        different, rows = np.unique(points, axis=0, return_inverse=True)
        rows = rows.reshape(-1)
        with self.watch("decode"):
            images = self.decode(different)
        with self.watch("respond"):
            responses, recordings = self.listen("search", images, listening)
            values, drive = self.value(responses, different, images)
        values = np.repeat(values, repeats, axis=1)[rows]
        lowest, highest = (np.repeat(bound, repeats) for bound in span(responses))
        recordings = {name: array[rows] for name, array in recordings.items()}
        largest = None if drive is None else np.repeat(drive, repeats)
        return Evaluation(values, lowest, highest, len(different), recordings, largest)

    def value(
        self, responses: Responses, points: Points, images: Images
    ) -> tuple[Responses, Responses | None]:
        """Return the values (n, N) of stimuli from their responses, and with a margin the largest drive (N,)."""
        if self.margin is None:
            return self.objective.values(responses, points, images), None
        drive = self.margin.drive(images)
        values = self.objective.values(self.margin.lift(responses, drive), points, images)
        return values, drive.max(axis=0, initial=-np.inf)

    def listen(
        self, purpose: str, images: Images, listening: Listening | None
    ) -> tuple[Responses, Recordings]:
        """Return the responses (n, N) to stimuli, and what is told of them to a student.

        Neurons that share tell all that the subject tells; one that is isolated, its own responses.
        """
        if listening is None:
            return self.respond(purpose, images), {}
        if listening == "own":
            responses = self.respond(purpose, images)
            return responses, {STIMULUS: images, RESPONSE: responses}
        if purpose not in self._recorders:
            self._recorders[purpose] = self.open_recorder(purpose)
        recordings = self._recorders[purpose](images)
        responses = self.responses_in(recordings)
        return responses, {STIMULUS: images, RESPONSE: responses, **recordings}
