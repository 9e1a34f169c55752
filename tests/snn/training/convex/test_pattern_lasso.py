from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.training.convex import (
    ESTIMATORS,
    GAP,
    certified,
    patterns,
    reduce_units,
    sample_planes,
    solve_lasso,
    train_straight_through,
    with_ones,
)
from tests.snn.training.convex.problems import all_patterns, crosswise, least_objective

BETAS = (2.0, 0.6, 0.2, 0.05)


@pytest.mark.parametrize("seed", range(4))
def test_over_all_patterns_it_is_the_least_there_is(seed: int) -> None:
    points, targets = crosswise(7, seed)
    every = all_patterns(points)
    solutions = solve_lasso(every, targets, BETAS)
    for solution, beta in zip(solutions, BETAS, strict=True):
        assert 0 <= solution.gap < GAP
        assert solution.objective == pytest.approx(least_objective(every, targets, beta), abs=1e-6)

    columns = patterns(points, sample_planes(points, 4000, seed=0))
    assert [
        solution.objective for solution in solve_lasso(columns, targets, BETAS)
    ] == pytest.approx([solution.objective for solution in solutions], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_its_certificate_is_below_a_millionth(seed: int) -> None:
    points, targets = crosswise(20, seed)
    planes = sample_planes(points, 4000, seed=0)
    assert len(planes) > 340
    columns = patterns(points, planes)
    for beta in (1.0, 0.1, 0.02):
        (solution,) = solve_lasso(columns, targets, [beta])
        assert solution.gap < 1e-6
        # Karush, Kuhn and Tucker: no pattern would pay for its weight
        residual = targets - columns @ solution.weights
        assert np.abs(columns.T @ residual).max() <= beta * (1 + 1e-3)
        if beta < 0.1:
            assert np.array_equal(np.sign(columns @ solution.weights), targets)


def test_a_gap_bounds_the_distance_from_the_least() -> None:
    points, targets = crosswise(15, seed=5)
    columns = patterns(points, sample_planes(points, 60, seed=0)).astype(float)
    (best,) = solve_lasso(columns >= 1, targets, [0.3])
    random = np.random.default_rng(0)
    for _ in range(20):
        weights = best.weights + 0.1 * random.standard_normal(60)
        other = certified(columns, targets, weights, 0.3)
        assert 0 < other.objective - best.objective <= other.gap


def test_from_some_beta_on_no_unit_is_in_use() -> None:
    points, targets = crosswise(15, seed=1)
    columns = patterns(points, sample_planes(points, 60, seed=0))
    strongest = float(np.abs(columns.T @ targets).max())
    none, some = solve_lasso(columns, targets, [strongest * 1.001, strongest * 0.999])
    assert not none.weights.any()
    assert none.gap == pytest.approx(0, abs=1e-12)
    assert none.objective == pytest.approx(7.5)
    assert np.count_nonzero(some.weights) >= 1


def test_what_overflowed_is_no_optimum() -> None:
    points, targets = crosswise(15, seed=1)
    columns = patterns(points, sample_planes(points, 60, seed=0)).astype(float)
    with np.errstate(invalid="ignore"):
        solution = certified(columns, targets, np.zeros(60), np.inf)
    assert np.isnan(solution.gap)
    assert not solution.is_optimal
    assert certified(columns, targets, np.zeros(60), 1e6).is_optimal


def test_where_regression_ends_early_descent_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    points, targets = crosswise(20, seed=2)
    columns = patterns(points, sample_planes(points, 100, seed=0))
    (solution,) = solve_lasso(columns, targets, [0.5])
    monkeypatch.setattr("spikeatlas.snn.training.convex.pattern_lasso._KNOTS", 2)
    (other,) = solve_lasso(columns, targets, [0.5])
    assert other.gap < GAP
    assert other.objective == pytest.approx(solution.objective, abs=1e-6)


def test_no_gradient_gets_below_it() -> None:
    """Patterns of trained networks join those that were drawn; their own objectives are then no lower."""
    points, targets = crosswise(20, seed=0)
    beta = 0.02
    runs = [
        run
        for name in ESTIMATORS
        for run in train_straight_through(
            points, targets, beta, estimator=name, units=20, steps=150, seeds=range(5), lr=0.03
        )
    ]
    planes = np.concatenate([sample_planes(points, 300, seed=0), *(run.planes for run in runs)])
    (solution,) = solve_lasso(patterns(points, planes), targets, [beta])
    least = min(run.objective(points, targets, beta) for run in runs)
    assert len(runs) == 20
    assert solution.gap < 1e-6
    assert solution.objective <= least
    # one that gradients do not reach
    assert solution.objective < 0.5 * least


def test_three_is_told_from_eight() -> None:
    """Digits: test accuracy of at least 0.95, and more units in use as beta falls."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    rows = np.isin(labels, (3, 8))
    images, targets = pixels[rows] / 16, np.where(labels[rows] == 3, 1.0, -1.0)
    train, test, train_targets, test_targets = train_test_split(
        images, targets, test_size=90, random_state=0, stratify=targets
    )
    centre, scale = train.mean(0), train.std()
    points, others = (with_ones((part - centre) / scale) for part in (train, test))
    planes = sample_planes(points, 500, seed=0)
    columns = patterns(points, planes)
    betas = [share * len(points) for share in (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)]
    solutions = solve_lasso(columns, train_targets, betas)

    counts = [np.count_nonzero(solution.weights) for solution in solutions]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert all(solution.gap < 1e-6 for solution in solutions)
    assert all(
        np.count_nonzero(reduce_units(columns, solution.weights)) <= len(points) + 1
        for solution in solutions
    )
    right = np.sign(patterns(others, planes) @ solutions[-1].weights) == test_targets
    assert right.mean() >= 0.95
