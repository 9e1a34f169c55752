"""An episode is what its start and its actions are."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.environments import Episode, environment

pytest.importorskip("gymnasium", reason="environments are Gymnasium's (extra actor)")


def test_an_episode_is_begun_again_from_its_actions() -> None:
    world = environment("Pendulum-v1")
    actions = np.random.default_rng(0).uniform(-2, 2, (30, 1)).astype(np.float32)
    whole = Episode(world, 5)
    outcomes = [whole.step(action) for action in actions]
    again = Episode.resumed(world, 5, actions[:20])
    for action, outcome in zip(actions[20:], outcomes[20:], strict=True):
        repeated = again.step(action)
        np.testing.assert_array_equal(repeated.observation, outcome.observation)
        assert repeated[1:] == outcome[1:]
    other = Episode(world, 6)
    assert (other.observation != Episode(world, 5).observation).any()


def test_the_pendulum_moves_by_its_equation() -> None:
    world = environment("Pendulum-v1")
    episode = Episode(world, 0)
    cosine, sine, velocity = (float(value) for value in episode.observation)
    angle = np.arctan2(sine, cosine)
    outcome = episode.step(np.array([1.5], np.float32))
    assert outcome.reward == pytest.approx(
        -(angle**2 + 0.1 * velocity**2 + 0.001 * 1.5**2), abs=1e-4
    )
    velocity = np.clip(velocity + (15 * np.sin(angle) + 3 * 1.5) * 0.05, -8, 8)
    angle += velocity * 0.05
    np.testing.assert_allclose(
        outcome.observation, [np.cos(angle), np.sin(angle), velocity], atol=1e-4
    )


def test_the_clock_ends_an_episode_but_no_reward_does() -> None:
    world = environment("Pendulum-v1")
    episode = Episode(world, 0)
    outcomes = [episode.step(np.zeros(1, np.float32)) for _ in range(200)]
    assert [outcome.over for outcome in outcomes] == [False] * 199 + [True]
    assert not any(outcome.terminal for outcome in outcomes)
