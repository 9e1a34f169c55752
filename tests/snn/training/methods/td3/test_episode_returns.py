"""A policy that does nothing has the returns of a pendulum that hangs free."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.environments import Episode, environment
from spikeatlas.snn.training.methods.td3.episode_returns import (
    actions_of,
    episode_returns,
    values_of,
)
from tests.snn.actors import actor

pytest.importorskip("gymnasium", reason="environments are Gymnasium's (extra actor)")


def test_an_actor_that_rests_returns_what_the_free_pendulum_does() -> None:
    world, network = environment("Pendulum-v1"), actor()
    with torch.no_grad():
        network.readout.weight.zero_()
        network.readout.bias.zero_()
    episode = Episode(world, 7)
    free = sum(episode.step(np.zeros(1, np.float32)).reward for _ in range(200))
    assert episode_returns(network, world, [7]) == pytest.approx([free])


def test_observations_are_as_stimuli_enter() -> None:
    world = environment("Pendulum-v1")
    rows = np.array([[-1, 1, 0], [0.5, -0.25, 8]], np.float32)
    expected = np.array([[-3, 3, 0], [1.5, -0.75, 3]])
    np.testing.assert_allclose(values_of(world, rows).astype(float), expected, atol=1e-6)
    network = actor()
    shares = actions_of(network, world, rows)
    assert shares.shape == (2, 1)
    assert np.abs(shares).max() <= 1
