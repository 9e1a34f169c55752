"""Random search: the prior, and who shares what."""

from __future__ import annotations

import numpy as np

from spikeatlas.optim import GaussianSpace, make_maximizer
from tests.optim.cases import joined, run


def test_isolated_neurons_draw_from_the_prior_each() -> None:
    space = GaussianSpace(4, 8)
    search = make_maximizer("random", space, seeds=[1, 2], budget=2000, batch=100)
    batch, _ = joined(run(search, lambda points: np.zeros((len(points), 2))))
    for neuron in (0, 1):
        levels = space.to_indices(batch.points[batch.owner == neuron])
        assert np.abs(np.bincount(levels.ravel()) / levels.size - 1 / 8).max() < 0.02
    first, second = (batch.points[batch.owner == neuron] for neuron in (0, 1))
    assert not np.array_equal(first, second)


def test_sharing_neurons_draw_images_for_all() -> None:
    search = make_maximizer("random", GaussianSpace(4, None), seeds=[1, 2], budget=10, share=True)
    batch = search.ask()
    assert (batch.owner == -1).all()
    assert len(np.unique(batch.points, axis=0)) == len(batch) == 20
