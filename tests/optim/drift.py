"""A search method as a user would write it: outside the program, with nothing but the face of `spikeatlas.optim`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeatlas.optim import (
    Batch,
    Indices,
    Maximizer,
    Options,
    Points,
    Problem,
    Scores,
    State,
    in_turn,
    packed,
    unpacked,
)


@dataclass(frozen=True)
class DriftOptions(Options):
    """Options of the drift: `part` (0 to 1), the coordinates that are drawn again."""

    part: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.part <= 1:
            raise ValueError(f"part is {self.part!r}; it must be in (0, 1]")

    @property
    def minimum_budget(self) -> int:
        """One generation and one image after it."""
        return self.batch + 1


class Drift(Maximizer):
    """Search by drawing a part of each neuron's best point again, from the prior."""

    preset = DriftOptions()

    def __init__(self, problem: Problem, options: DriftOptions) -> None:
        super().__init__(problem, options)
        self._part = options.part
        self._best = np.concatenate([problem.space.sample(rng, 1) for rng in self._rngs])
        self._score = np.full(problem.neurons, -np.inf, np.float32)

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that there are too few coordinates."""
        few = options.part * problem.space.dim < 1
        return ["part leaves no coordinate to draw again; raise it"] if few else []

    def _propose(self) -> tuple[Points, Indices]:
        count, dim = self.options.batch, self.problem.space.dim
        points = np.stack([self.problem.space.sample(rng, count) for rng in self._rngs])
        again = np.stack([rng.random((count, dim)) for rng in self._rngs]) < self._part
        return in_turn(np.where(again, points, self._best[:, None]))

    def _learn(self, generation: Batch, scores: Scores) -> None:
        top = scores.argmax(axis=0)
        score = scores[top, np.arange(len(top))]
        better = score > self._score
        self._best[better], self._score[better] = generation.points[top[better]], score[better]

    def _state(self) -> State:
        return {"best": packed(self._best), "score": packed(self._score)}

    def _load(self, state: State) -> None:
        self._best, self._score = unpacked(state["best"]), unpacked(state["score"])
