"""An actor that learns from what its actions bring, step by step in an environment.

Nothing is drawn from a running generator: starts of episodes, actions and memories come from (seed, step). The
environment's own state is kept as the start and the actions of the episode that is going on.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from math import nan
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.environments import Environment, Episode
from spikeatlas.snn.networks import ActorNetwork
from spikeatlas.snn.training.checkpoints import CheckpointHeader
from spikeatlas.snn.training.methods.lesson import Lesson
from spikeatlas.snn.training.methods.network_learner import NetworkLearner
from spikeatlas.snn.training.methods.td3.critics import Critics, follow
from spikeatlas.snn.training.methods.td3.episode_returns import (
    actions_of,
    episode_returns,
    seeds_of_tests,
    values_of,
)
from spikeatlas.snn.training.methods.td3.replay import Memories, Replay
from spikeatlas.snn.training.methods.td3.td3_settings import Td3Settings

_STEPS_BETWEEN_SAVES = 1000
_SAVES = 100
"""Saves of a training, at most: each holds every step so far."""
TEST_EPISODES = 10
"""Episodes after which a checkpoint tells its mean return."""
_START, _ACTION, _MEMORY = range(3)
"""Purposes of random numbers, which share none."""


class Td3Learner(NetworkLearner):
    """An actor, its critics, their slow copies, and the memory of all steps (Fujimoto et al. 2018)."""

    def __init__(self, lesson: Lesson, settings: Td3Settings, environment: Environment) -> None:
        super().__init__(lesson)
        self._settings, self._environment = settings, environment
        self._actor = cast("ActorNetwork", self.network)
        observations, actions = len(environment.low), len(environment.limit)
        if lesson.data.shape[2] != observations:
            raise ValueError(
                f"training.method.environment: {environment.name} has {observations} observations, but the data's "
                f"stimuli hold {lesson.data.shape[2]}; set data.environment to the same one"
            )
        self._critics = Critics(observations, actions, settings.critic_hidden, lesson.seed)
        self._slow_actor, self._slow_critics = copy.deepcopy((self._actor, self._critics))
        self._actor_optimizer = torch.optim.Adam(self._actor.parameters(), lr=settings.actor_lr)
        self._critic_optimizer = torch.optim.Adam(self._critics.parameters(), lr=settings.critic_lr)
        self._replay = Replay(lesson.spec.epochs, observations, actions)
        self._changes = 0
        self._episode_start = 0
        self._episode = self._begin_episode()

    def _random(self, purpose: int, number: int) -> np.random.Generator:
        return np.random.default_rng([self.lesson.seed, purpose, number])

    def _begin_episode(self) -> Episode:
        """Begin the episode of the step in which its start falls; with the actions of it that are remembered."""
        seed = int(self._random(_START, self._episode_start).integers(2**31))
        shares = self._replay.actions_since(self._episode_start)
        return Episode.resumed(self._environment, seed, self._limited(shares))

    def _limited(self, shares: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions in the environment's units of actions in shares of their limit."""
        return np.array(self._environment.limit, np.float32) * shares

    def reach(self, place: float, stop: Callable[[], None], keep: Callable[[], None]) -> None:
        """See ``NetworkLearner``."""
        while self.step < place:
            stop()
            self._act()
            if self.step >= self._settings.update_after and (
                self.step % self._settings.update_every == 0
            ):
                for _ in range(self._settings.update_every):
                    self._change()
            if self.step % max(_STEPS_BETWEEN_SAVES, self.lesson.spec.epochs // _SAVES) == 0:
                keep()

    def _act(self) -> None:
        """Take a step in the environment and remember it."""
        observation = self._episode.observation
        action = self._action(observation)
        transition = self._episode.step(self._limited(action))
        self._replay.add(
            values_of(self._environment, observation),
            action,
            transition.reward,
            values_of(self._environment, transition.observation),
            terminal=transition.terminal,
        )
        self.step += 1
        if transition.over:
            self._episode_start = self.step
            self._episode = self._begin_episode()

    def _action(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Action (a,) in shares of its limit: any one at first, then the actor's with noise."""
        random, count = self._random(_ACTION, self.step), len(self._environment.limit)
        if self.step < self._settings.start_steps:
            return random.uniform(-1, 1, count).astype(np.float32)
        action = actions_of(self._actor, self._environment, observation[None])[0]
        noise = self._settings.noise * random.standard_normal(count, np.float32)
        return np.clip(action + noise, -1, 1, dtype=np.float32)

    def _change(self) -> None:
        """Let the critics learn from some memories, and now and then the actor from the critics."""
        settings, random = self._settings, self._random(_MEMORY, self._changes)
        memories = self._replay.memories(
            random.integers(0, self._replay.count, settings.batch_size)
        )
        draws = random.standard_normal(memories.actions.shape, np.float32)
        noise = (settings.target_noise * torch.from_numpy(draws)).clamp(
            -settings.target_clip, settings.target_clip
        )
        self._descend(
            self._critic_optimizer, self._critic_loss(memories, self._worth(memories, noise))
        )
        self._changes += 1
        if self._changes % settings.policy_delay:
            return
        self._descend(self._actor_optimizer, self._actor_loss(memories))
        share = 1 - settings.polyak
        follow(self._slow_actor.parameters(), self._actor.parameters(), share)
        follow(self._slow_critics.parameters(), self._critics.parameters(), share)

    @torch.no_grad()
    def _worth(self, memories: Memories, noise: Tensor) -> Tensor:
        """Sum of rewards (n,) to come, by the slow copies: the lower of two guesses, actions blurred by ``noise``."""
        actions = (self._slow_actor.act(memories.next_values) + noise).clamp(-1, 1)
        first, second = self._slow_critics(memories.next_values, actions)
        ongoing = 1 - memories.terminal
        return memories.rewards + self._settings.gamma * ongoing * torch.minimum(first, second)

    def _critic_loss(self, memories: Memories, worth: Tensor) -> Tensor:
        first, second = self._critics(memories.values, memories.actions)
        return functional.mse_loss(first, worth) + functional.mse_loss(second, worth)

    def _actor_loss(self, memories: Memories) -> Tensor:
        return -self._critics.guess(memories.values, self._actor.act(memories.values)).mean()

    def _descend(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        """Follow a loss's gradient. FloatingPointError for one that is not finite."""
        if not math.isfinite(loss.item()):
            raise FloatingPointError(
                f"training diverged at step {self.step} (loss {loss.item()}): lower training.method.actor_lr or critic_lr."
            )
        parameters = [row for group in optimizer.param_groups for row in group["params"]]
        gradients = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()

    def header(self, place: float) -> CheckpointHeader:
        """See ``NetworkLearner``: an actor reads no classes; it has a return in place of accuracy and loss."""
        seeds = seeds_of_tests(TEST_EPISODES)
        returns = episode_returns(self._actor, self._environment, seeds)
        return CheckpointHeader(
            epoch=place,
            step=self.step,
            images_seen=self.images_seen,
            accuracy=nan,
            loss=nan,
            study=self.lesson.study,
            mean_return=float(np.mean(returns)),
        )

    @property
    def images_seen(self) -> int:
        """Remembered observations that changes were made by, each as often as it was."""
        return self._changes * self._settings.batch_size

    def _modules(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        """Return all that has a state of torch's, by name."""
        return {
            "network": self._actor,
            "critics": self._critics,
            "slow_actor": self._slow_actor,
            "slow_critics": self._slow_critics,
            "actor_optimizer": self._actor_optimizer,
            "critic_optimizer": self._critic_optimizer,
        }

    def state_dict(self) -> dict[str, Any]:
        """See ``NetworkLearner``."""
        return {
            "step": self.step,
            "changes": self._changes,
            "episode_start": self._episode_start,
            "replay": self._replay.state_dict(),
            **{name: module.state_dict() for name, module in self._modules().items()},
        }

    def is_past(self, state: dict[str, Any], place: float) -> bool:
        """See ``NetworkLearner``."""
        return int(state["step"]) > place

    def restore(self, state: dict[str, Any]) -> None:
        """See ``NetworkLearner``."""
        self.step, self._changes = int(state["step"]), int(state["changes"])
        self._episode_start = int(state["episode_start"])
        self._replay.load_state_dict(state["replay"])
        for name, module in self._modules().items():
            module.load_state_dict(state[name])
        self._episode = self._begin_episode()
