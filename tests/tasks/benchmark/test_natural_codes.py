"""Which neurons are searched for."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.benchmark.natural_codes import draw


def test_only_neurons_that_respond_and_vary_are_drawn_in_an_order_of_the_seed() -> None:
    active = np.array([0.5] * 8 + [0.0, 1.0, 0.009, 0.01])
    found = {
        "active": active.astype(np.float32),
        "lowest": np.where(np.arange(12) == 9, 1, 0).astype(np.float32),
        "highest": np.where(np.arange(12) == 8, 0, 1).astype(np.float32),
    }

    drawn = draw(found, (0, 1, 2))
    assert sorted(drawn) == [0, 1, 2, 3, 4, 5, 6, 7, 11]
    assert drawn == draw(found, (0, 1, 2))
    assert drawn != draw(found, (0, 1, 3))
    order = np.random.default_rng([0, 1, 2]).permutation(12)
    assert list(drawn) == [neuron for neuron in order if neuron in drawn]
