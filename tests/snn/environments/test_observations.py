"""Observations are met by acting, the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.data import Observations, load_data
from spikeatlas.snn.environments import Episode, environment

pytest.importorskip("gymnasium", reason="environments are Gymnasium's (extra actor)")


def test_stimuli_are_rows_of_numbers_of_one_class() -> None:
    data = load_data(Observations(train=30, test=20))
    assert data.shape == (1, 1, 3)
    assert data.train.images.dtype == np.uint8
    assert (len(data.train), len(data.test)) == (30, 20)
    assert data.classes == ("observation",)
    assert set(data.train.labels) == {0}
    assert data.notes == ()
    # an angle's cosine and sine
    share = data.train.images[:, 0, 0, :2] / 127.5 - 1
    np.testing.assert_allclose((share**2).sum(1), 1, atol=0.02)


def test_the_seed_decides() -> None:
    first = load_data(Observations(train=30, test=20))
    assert first.digest() == load_data(Observations(train=30, test=20)).digest()
    assert first.digest() != load_data(Observations(train=30, test=20, seed=1)).digest()
    assert not np.array_equal(first.train.images[:20], first.test.images)


def test_without_actions_the_pendulum_hangs_free() -> None:
    data = load_data(Observations(policy="still", train=25, test=2))
    world = environment("Pendulum-v1")
    episode = Episode(world, int(np.random.default_rng([0, 0]).integers(2**31)))
    rows = [episode.observation]
    rows += [episode.step(np.zeros(1, np.float32)).observation for _ in range(24)]
    np.testing.assert_array_equal(data.train.images, world.stimuli(np.array(rows)))


def test_an_environment_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="Gymnasium makes no environment 'Pendulums-v1' here"):
        load_data(Observations(environment="Pendulums-v1"))
