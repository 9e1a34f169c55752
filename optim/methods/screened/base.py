"""Parts of the screened search: its options, and the contract of what follows the screening in a space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spikeatlas.optim.checks import whole
from spikeatlas.optim.spaces import Indices, Points
from spikeatlas.optim.types import Batch, Options, Problem, Scores, State


@dataclass(frozen=True)
class ScreenedOptions(Options):
    """Options of the screened search.

    `batch` (>= 2): images a neuron and generation. `elites` (>= 2): best points of a neuron that breed.
    `screening` (0 to below 1): share of the budget that is screened first, a generation at least and at most `most` images
    together; 0 where images shown to all neurons beforehand are the screening.
    `growth` (> 0): share by which the images must have grown since the model was fitted, for it to be fitted again.
    """

    elites: int = 12
    screening: float = 0.2
    most: int = 4000
    growth: float = 0.1

    def __post_init__(self) -> None:
        whole("batch", self.batch, 2)
        whole("elites", self.elites, 2)
        whole("most", self.most, 1)
        if not isinstance(self.screening, int | float) or not 0 <= self.screening < 1:
            raise ValueError(f"screening is {self.screening!r}; it must be 0 or more, below 1")
        if not isinstance(self.growth, int | float) or not self.growth > 0:
            raise ValueError(f"growth is {self.growth!r}; it must be above 0")

    @property
    def minimum_budget(self) -> int:
        """A screening of a few images and one generation."""
        return 2 * self.batch


class Refinement(ABC):
    """The search of one kind of space that goes on from a screening.

    `rngs` (N): each neuron's generator.
    """

    can_adapt: ClassVar[bool] = False
    """Moves its budget between neurons where `Problem.adaptive`."""

    def __init__(
        self, problem: Problem, options: ScreenedOptions, rngs: Sequence[np.random.Generator]
    ) -> None:
        self.problem, self.options, self.rngs = problem, options, rngs
        self.generations = 0
        """Learnt so far; the screening is the first."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, count: int) -> Points:
        """Draw images (count, d) for the screening."""

    @abstractmethod
    def propose(self) -> tuple[Points, Indices]:
        """Return the points (k, d) and owners (k,) of a generation after the screening."""

    @abstractmethod
    def learn_screening(self, points: Points, scores: Scores) -> None:
        """Learn from images (k, d) that all neurons answered to beforehand, scores (k, N)."""

    @abstractmethod
    def learn(self, generation: Batch, scores: Scores) -> None:
        """Learn from a generation's scores (k, N), -inf where not measured."""

    @abstractmethod
    def learn_proposals(self, generation: Batch, scores: Scores) -> None:
        """Learn from images that others proposed, scores (k, N)."""

    @abstractmethod
    def state_dict(self) -> State:
        """Copy the state."""

    @abstractmethod
    def load_state_dict(self, state: State) -> None:
        """Put back a copy that `state_dict` made; ValueError if it is of another search."""
