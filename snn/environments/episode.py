"""One episode in an environment: begun from a seed, and begun again from its actions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.environments.environment import Environment

Row = npt.NDArray[np.float32]


class Transition(NamedTuple):
    """The outcome of one action."""

    observation: Row
    """The next one, (d,)."""
    reward: float
    terminal: bool
    """True where nothing follows that could be rewarded; an end by the clock is none."""
    over: bool
    """True where the episode ends."""


class Episode:
    """An environment from a seeded start on."""

    def __init__(self, environment: Environment, seed: int) -> None:
        self._environment = environment
        self._made = environment.make()
        first, _ = self._made.reset(seed=seed)
        self.observation: Row = np.asarray(first, np.float32)
        """What the agent sees now, (d,)."""

    @classmethod
    def resumed(cls, environment: Environment, seed: int, actions: Row) -> Episode:
        """Return the episode in which the agent has taken ``actions`` (n, a), each within the limit.

        The state is no file's: the same start and the same actions lead to the same one, in any environment
        that draws no numbers beside its start.
        """
        episode = cls(environment, seed)
        for action in actions:
            episode.step(action)
        return episode

    def step(self, action: Row) -> Transition:
        """Act (a,) within the environment's limit."""
        observation, reward, terminal, cut, _ = self._made.step(action)
        self.observation = np.asarray(observation, np.float32)
        return Transition(self.observation, float(reward), bool(terminal), bool(terminal or cut))
