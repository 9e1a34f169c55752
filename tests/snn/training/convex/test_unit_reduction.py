from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.training.convex import patterns, reduce_units, sample_planes, solve_lasso
from tests.snn.training.convex.problems import crosswise


@pytest.mark.parametrize("seed", range(5))
def test_any_network_has_an_equal_one_of_few_units(seed: int) -> None:
    points, _ = crosswise(20, seed)
    drawn = patterns(points, sample_planes(points, 300, seed=0))
    weights = np.random.default_rng(seed).standard_normal(drawn.shape[1])

    reduced = reduce_units(drawn, weights)

    assert np.count_nonzero(reduced) <= 20
    np.testing.assert_allclose(drawn @ reduced, drawn @ weights, atol=1e-9)
    assert np.abs(reduced).sum() <= np.abs(weights).sum()


@pytest.mark.parametrize("seed", range(5))
def test_an_optimum_stays_one(seed: int) -> None:
    points, targets = crosswise(20, seed)
    drawn = patterns(points, sample_planes(points, 4000, seed=0))
    (solution,) = solve_lasso(drawn, targets, [0.02])

    reduced = reduce_units(drawn, solution.weights)

    assert np.count_nonzero(reduced) <= 21
    np.testing.assert_allclose(drawn @ reduced, drawn @ solution.weights, atol=1e-9)
    assert np.abs(reduced).sum() == pytest.approx(np.abs(solution.weights).sum(), abs=1e-9)


def test_units_that_do_not_depend_on_each_other_stay() -> None:
    assert np.array_equal(reduce_units(np.eye(3) > 0, np.array([1.0, 0, -2])), [1, 0, -2])
