"""Observations that an agent meets in an environment: to an actor what natural images are to an eye."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.data.base import DataFields
from spikeatlas.snn.data.dataset import DataSet, Split
from spikeatlas.snn.environments import Environment, EnvironmentName, Episode, environment
from spikeatlas.snn.registry import SPEC

_CLASS = "observation"


@dataclass(frozen=True, config=SPEC)
class Observations(DataFields):
    """Observations met by a policy that learns nothing, as stimuli (1, 1, d): 0 the smallest value, 255 the largest."""

    dataset: Literal["observations"] = "observations"
    """``observations``: made here, by Gymnasium (extra ``actor``), so ``root`` and ``download`` say nothing. They have no
    labels: all are of one class, and measures of classes stay undefined."""
    environment: EnvironmentName = "Pendulum-v1"
    """Name of a Gymnasium environment whose observations and actions are numbers within bounds."""
    policy: Literal["random", "still"] = "random"
    """``random``: actions drawn evenly from all; ``still``: none, each action 0."""
    train: Annotated[int, Field(ge=2)] = 1000
    """Observations of the training split (>= 2)."""
    test: Annotated[int, Field(ge=2)] = 500
    """Observations of the test split, of other episodes (>= 2)."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the episodes' starts and of the actions (>= 0)."""

    def load(self) -> DataSet:
        """Act in the environment. ValueError where it cannot be made."""
        world = environment(self.environment)
        train, test = (
            self._met(world, count, number) for number, count in enumerate((self.train, self.test))
        )
        return DataSet(train, test, (_CLASS,))

    def _met(self, world: Environment, count: int, number: int) -> Split:
        """Return the first ``count`` observations of the split of a number."""
        generator = np.random.default_rng([self.seed, number])
        limit = np.array(world.limit, np.float32)
        rows: list[np.ndarray] = []
        episode, over = None, True
        while len(rows) < count:
            if episode is None or over:
                episode = Episode(world, int(generator.integers(2**31)))
            rows.append(episode.observation)
            draw = generator.uniform(-1, 1, len(limit)).astype(np.float32)
            over = episode.step(limit * (draw if self.policy == "random" else 0 * draw)).over
        return Split(world.stimuli(np.array(rows)), np.zeros(count, np.int64))
