"""The contract of training methods: the axis that they run along, what they train, and how."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.registry import Contract
from spikeatlas.snn.training.checkpoints import checkpoint_epochs
from spikeatlas.snn.training.methods.axis import EPOCHS, TrainingAxis
from spikeatlas.snn.training.methods.lesson import Lesson
from spikeatlas.snn.training.methods.network_learner import NetworkLearner
from spikeatlas.snn.training.methods.step_learner import StepLearner
from spikeatlas.snn.training.methods.teacher import Assignment, Teacher


class TrainingMethod(Contract, ABC):
    """A way to train, as a study names it: a frozen pydantic dataclass with its own fields.

    It writes ``begin`` if it learns from one batch after another, or else ``learner``. All random choices of a
    method derive from its arguments, so that a training can go on where it was killed and end with the same bytes.
    """

    kind: str
    axis: ClassVar[TrainingAxis] = EPOCHS
    """What training runs along."""
    between: ClassVar[bool] = True
    """True if it can stop anywhere between the places of its checkpoints."""
    resizable: ClassVar[bool] = False
    """True if callbacks may act between its steps, and cut units out of the network (``Teacher.select``)."""
    unused: ClassVar[tuple[str, ...]] = ()
    """Fields of ``training`` that it does not read."""
    most_epochs: ClassVar[int] = 100_000
    """Largest ``training.epochs`` that it takes."""

    def length_problem(self, epochs: int) -> str | None:
        """Say in a sentence why ``training.epochs`` may not be so many; None where it may."""
        if epochs <= self.most_epochs:
            return None
        return f"training.epochs: {epochs} is not allowed; it should be {self.most_epochs} or less"

    def problems(self, network: Architecture) -> list[str]:
        """Return, in sentences, what keeps the method from training a network; none by default."""
        del network
        return []

    def places(self, network: Architecture, epochs: int) -> tuple[float, ...]:
        """Return where it leaves checkpoints without being told, ascending, the end last: every whole epoch.

        ``epochs``: the study's ``training.epochs``.
        """
        del network
        return checkpoint_epochs(epochs)

    def place_problems(
        self, network: Architecture, epochs: int, places: Sequence[float]
    ) -> list[str]:
        """Say in a sentence which of ``places`` have no checkpoint."""
        marks = self.places(network, epochs)
        if self.between:
            absent = [place for place in places if not 0 <= place <= marks[-1]]
            remedy = f"for training.epochs is {epochs}; choose 0 to {marks[-1]:g}, or train longer"
        else:
            absent = [place for place in places if place not in marks]
            remedy = (
                f"for {self.kind} leaves one at each {self.axis.name}; choose among {_names(marks)}"
            )
        return [f"{_names(absent)} has no checkpoint, {remedy}"] if absent else []

    def lesson_problems(self, lesson: Lesson) -> list[str]:
        """Say in sentences what keeps it from teaching a lesson that network and settings alone do not tell; none by default."""
        del lesson
        return []

    def smallest_batch(self, images: int, batch_size: int) -> int | None:
        """Return the fewest images, out of so many training images (>= 1), that one of its steps learns from.

        0 where they are too few to begin with; None where nobody knows: for a course of its own, unless it says so.
        """
        if type(self).learner is not TrainingMethod.learner:
            return None
        return images % batch_size or batch_size

    def learner(self, lesson: Lesson) -> NetworkLearner:
        """Return what learns a lesson: batch after batch, as ``begin`` says."""
        return StepLearner(lesson)

    def begin(self, assignment: Assignment) -> Teacher:
        """Make ready to train."""
        raise NotImplementedError(f"{self.kind} has to write begin, or a learner of its own.")


def _names(places: Sequence[float]) -> str:
    return ", ".join(f"{place:g}" for place in places)
