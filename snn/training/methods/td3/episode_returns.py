"""Returns of a policy: the sum of rewards of each of some episodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from spikeatlas.snn.environments import Environment, Episode
from spikeatlas.snn.networks import ActorNetwork
from spikeatlas.snn.networks.actor import SPAN

_FIRST_EPISODE = 1_000_000


@torch.no_grad()
def actions_of(
    network: ActorNetwork, environment: Environment, observations: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Actions (n, a), in shares of their limit, of observations (n, d) in their own units."""
    values = torch.from_numpy(values_of(environment, observations))
    actions: npt.NDArray[np.float32] = network.act(values).numpy()
    return actions


def values_of(
    environment: Environment, observations: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Observations (..., d) as an actor's network has them: from -3 to 3 between their bounds."""
    values: npt.NDArray[np.float32] = (SPAN * (2 * environment.shares(observations) - 1)).astype(
        np.float32
    )
    return values


def seeds_of_tests(episodes: int) -> range:
    """Return seeds of so many test episodes (>= 1), the same for all actors; those of a training are others."""
    return range(_FIRST_EPISODE, _FIRST_EPISODE + episodes)


def episode_returns(
    network: ActorNetwork, environment: Environment, seeds: Sequence[int]
) -> list[float]:
    """Sum of rewards of an episode for each seed, the actor acting without noise."""
    limit = np.array(environment.limit, np.float32)
    episodes = {seed: Episode(environment, seed) for seed in seeds}
    returns = dict.fromkeys(seeds, 0.0)
    while episodes:
        observations = np.stack([episode.observation for episode in episodes.values()])
        actions = limit * actions_of(network, environment, observations)
        over = []
        for (seed, episode), action in zip(episodes.items(), actions, strict=True):
            transition = episode.step(action)
            returns[seed] += transition.reward
            if transition.over:
                over.append(seed)
        for seed in over:
            del episodes[seed]
    return [returns[seed] for seed in seeds]
