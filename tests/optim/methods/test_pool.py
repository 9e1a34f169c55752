"""Search among the points of a pool: their choice, their order, and too few of them."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, Maximizer, make_maximizer
from tests.optim.cases import SPACES, Array, joined, planted, pool_of, run

SPACE = CodeSpace(16, 32)


def pool_search(pool: Array, budget: int, *, share: bool = False, neurons: int = 3) -> Maximizer:
    seeds = range(neurons)
    return make_maximizer("pool", SPACE, seeds=seeds, budget=budget, share=share, pool=pool)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_the_whole_pool_gives_its_best(space: CodeSpace) -> None:
    pool, respond = pool_of(space, 50), planted(space)
    search = make_maximizer("pool", space, seeds=[1, 2, 3], budget=50, pool=pool)
    run(search, respond)
    assert np.array_equal(search.result().best_response, respond(pool).max(axis=0))
    assert np.array_equal(search.result().best_point, pool[respond(pool).argmax(axis=0)])


def test_each_neuron_sees_another_part_and_no_point_twice() -> None:
    pool = pool_of(SPACE, 40)
    batch, _ = joined(run(pool_search(pool, 25), planted(SPACE)))
    for neuron in range(3):
        mine = batch.points[batch.owner == neuron]
        assert len(np.unique(mine, axis=0)) == 25
        assert (mine[:, None] == pool).all(axis=2).any(axis=1).all()
    assert not np.array_equal(batch.points[batch.owner == 0], batch.points[batch.owner == 1])


def test_sharing_neurons_see_all_of_it_and_each_point_once() -> None:
    pool, respond = pool_of(SPACE, 60), planted(SPACE)
    search = pool_search(pool, 20, share=True)
    batch, _ = joined(run(search, respond))
    assert (batch.owner == -1).all()
    assert len(np.unique(batch.points, axis=0)) == 60
    assert np.array_equal(search.result().best_response, respond(pool).max(axis=0))


def test_a_shared_pool_that_is_too_small_goes_round() -> None:
    batch, _ = joined(run(pool_search(pool_of(SPACE, 25), 20, share=True), planted(SPACE)))
    assert np.array_equal(batch.points[:25], batch.points[25:50])
    assert np.array_equal(batch.points[:10], batch.points[50:])


def test_the_pool_is_copied() -> None:
    pool = pool_of(SPACE, 30)
    search, expected = pool_search(pool, 10), pool_search(pool.copy(), 10).ask()
    pool[:] = 0
    assert np.array_equal(search.ask().points, expected.points)


@pytest.mark.parametrize("share", [False, True])
def test_no_pool_or_too_small_a_pool(*, share: bool) -> None:
    with pytest.raises(ValueError, match=r"no pool is given.*latents of natural images"):
        make_maximizer("pool", SPACE, seeds=[1], budget=5, share=share)
    with pytest.raises(ValueError, match=r"the pool has 19 points, the budget is 20.*lower"):
        pool_search(pool_of(SPACE, 19), 20, share=share)


def test_a_pool_outside_the_space_is_refused() -> None:
    with pytest.raises(ValueError, match="pool hold points that are not in the space"):
        pool_search(np.full((30, 16), 32), 20)
