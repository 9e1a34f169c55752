"""The twin: a screened search beside a student, a model of the subject that learns from every recording.

From time to time the student is fitted to what was recorded, and proposes for each neuron the points that it expects
most of. They are shown like any others, and whatever they were answered is what counts. In between the search goes on
as it would. The student comes with the problem: what it knows of the subject is its business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from spikeatlas.optim.base import in_turn
from spikeatlas.optim.checks import whole
from spikeatlas.optim.methods.screened import ScreenedOptions, ScreenedSearch
from spikeatlas.optim.methods.twin.recording_memory import RecordingMemory
from spikeatlas.optim.spaces import GaussianSpace, Indices, Points
from spikeatlas.optim.student import RESPONSE, Brief, Recordings
from spikeatlas.optim.types import Batch, Problem, Scores, State

_STARTS = 3
"""Best points of a neuron that the student climbs from."""


Knowledge: TypeAlias = Literal["maps", "structure", "numbers"]
"""What a student may know of the subject: the responses of all units of its maps; its layers' shapes; one number a neuron."""


@dataclass(frozen=True)
class TwinOptions(ScreenedOptions):
    """Options of the twin.

    `rounds` (>= 1): times that the student is fitted and asked, the first after the screening, the others spread evenly
    over the images. `proposals` (>= 1): points that it is asked for each neuron. `memory` (>= 100): images it learns from,
    at most. `knows`: the most that whoever makes the student may let it know; None: all that the subject tells.
    """

    screening: float = 0.1
    rounds: int = 6
    proposals: int = 12
    memory: int = 4000
    knows: Knowledge | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("rounds", self.rounds, 1)
        whole("proposals", self.proposals, 1)
        whole("memory", self.memory, 100)
        kinds = get_args(Knowledge)
        if self.knows not in (None, *kinds):
            raise ValueError(f"knows is {self.knows!r}; it must be {', '.join(kinds)}, or left out")


class TwinSearch(ScreenedSearch):
    """The screened search with rounds in which a student proposes.

    With sharing there is one student, else one for each neuron that knows its images alone. A neuron that nothing can help,
    because it is saturated, draws from the prior in these rounds. ValueError where the problem brings no student.
    """

    preset = TwinOptions()
    can_adapt = False
    uses_student = True

    def __init__(self, problem: Problem, options: TwinOptions) -> None:
        super().__init__(problem, options)
        self._twin = options
        groups = 1 if problem.share else problem.neurons
        self._memories = [RecordingMemory(problem.sign, options.memory) for _ in range(groups)]
        self._rounds = 0
        self._proposed = False  # true where the current generation is the student's

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that there is no student to ask."""
        problems = super().problems(problem, options)
        if problem.student is None:
            problems.append(
                "no student is given, but the twin asks one for points; give make_maximizer a student, or choose "
                "another method, say screened"
            )
        return problems

    def _note(self, batch: Batch, scores: Scores, recordings: Recordings) -> None:
        for number, memory in enumerate(self._memories):
            columns = slice(None) if self.problem.share else slice(number, number + 1)
            rows = np.arange(len(batch))
            if not self.problem.share:
                rows = rows[(batch.owner == number) | (batch.owner < 0)]
            if not len(rows):
                continue
            values = np.where(np.isfinite(scores), self.problem.sign * scores, np.nan)
            parts = {RESPONSE: values.astype(np.float32), **recordings}
            parts = {name: array[rows] for name, array in parts.items()}
            parts[RESPONSE] = parts[RESPONSE][:, columns]
            memory.add(batch.points[rows], batch.slot[rows], parts)

    def _propose(self) -> tuple[Points, Indices]:
        for memory, rng in zip(self._memories, self._memory_rngs(), strict=True):
            memory.settle(rng)
        self._proposed = self._is_due()
        return self._ask() if self._proposed else super()._propose()

    def _memory_rngs(self) -> list[np.random.Generator]:
        return [self._common_rng] if self.problem.share else self._rngs

    def _is_due(self) -> bool:
        """Tell if it is time for the next round."""
        if not self._refinement.generations or self._rounds >= self._twin.rounds:
            return False
        total = self.problem.budget * self.problem.neurons
        start = self._twin.screening
        share = start + (1 - start) * self._rounds / self._twin.rounds
        return self._rounds == 0 or total - self._ledger.remaining >= share * total

    def _ask(self) -> tuple[Points, Indices]:
        """Return the points (k, d) of a round, and their owners (k,)."""
        self._rounds += 1
        best, count = self._ledger.best_score, self._twin.proposals
        points = np.stack([self.problem.space.sample(rng, count) for rng in self._rngs])
        wanting = np.flatnonzero(np.isfinite(best) & (best < self.problem.best_score))
        groups = [wanting] if self.problem.share else list(wanting[:, None])
        for neurons in groups:
            if len(neurons):
                points[neurons] = self._nearest(self._ask_student(neurons))
        return in_turn(points)

    def _ask_student(self, neurons: Indices) -> Points:
        """Return the points (n, count, d) that the student of some neurons proposes: of all, or of one that is isolated."""
        assert self.problem.student is not None
        number = 0 if self.problem.share else int(neurons[0])
        memory, rng = self._memories[number], self._memory_rngs()[number]
        columns = neurons if self.problem.share else np.zeros(1, np.int64)
        starts, seed = memory.best(_STARTS)[columns], int(rng.integers(2**31))
        count = self._twin.proposals
        brief = Brief(memory.points, memory.recordings, columns, starts, count, seed)
        return self.problem.student(brief)

    def _nearest(self, points: Points) -> Points:
        space = self.problem.space
        return space.nearest(points) if isinstance(space, GaussianSpace) else points

    def _learn(self, generation: Batch, scores: Scores) -> None:
        if self._proposed:
            self._refinement.learn_proposals(generation, scores)
        else:
            super()._learn(generation, scores)

    def _state(self) -> State:
        return {
            "search": super()._state(),
            "memories": [memory.state_dict() for memory in self._memories],
            "rounds": self._rounds,
            "proposed": int(self._proposed),
        }

    def _load(self, state: State) -> None:
        super()._load(state["search"])
        for memory, part in zip(self._memories, state["memories"], strict=True):
            memory.load_state_dict(part)
        self._rounds, self._proposed = state["rounds"], bool(state["proposed"])
