"""Made-up neurons over codes: their best is 1, and what a regression can know of them differs as it should."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.benchmark.landscapes import CODES, FAMILIES, POSITIONS


@pytest.mark.parametrize("name", FAMILIES)
def test_the_best_image_has_1_and_random_ones_much_less(name: str) -> None:
    rng = np.random.default_rng(0)
    landscape = FAMILIES[name](rng, 3)
    random = landscape.values(rng.integers(CODES, size=(400, POSITIONS)))
    assert random.shape == (400, 3)
    assert random.max() < 0.8
    # each position climbed in turn, from the best random image: exact where positions add up, and close elsewhere
    for neuron in range(3):
        point = rng.integers(CODES, size=(1, POSITIONS))
        for _ in range(3):
            for place in range(POSITIONS):
                others = np.repeat(point, CODES, axis=0)
                others[:, place] = np.arange(CODES)
                point = others[[landscape.values(others)[:, neuron].argmax()]]
        best = landscape.values(point)[0, neuron]
        assert best <= 1 + 1e-9
        assert best > (0.3 if name == "conjunctions" else 0.999)


def test_the_same_seed_makes_the_same_neurons() -> None:
    points = np.random.default_rng(1).integers(CODES, size=(5, POSITIONS))
    for make in FAMILIES.values():
        one, other = (make(np.random.default_rng(2), 2).values(points) for _ in range(2))
        np.testing.assert_array_equal(one, other)
