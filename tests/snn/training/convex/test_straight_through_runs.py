from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.training.convex import (
    ESTIMATORS,
    StraightThroughRun,
    patterns,
    train_straight_through,
)
from tests.snn.training.convex.problems import crosswise


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_training_lowers_the_objective(estimator: str) -> None:
    points, targets = crosswise(20, seed=0)
    before, after = (
        [
            run.objective(points, targets, 0.1)
            for run in train_straight_through(
                points,
                targets,
                0.1,
                estimator=estimator,
                units=20,
                steps=steps,
                seeds=(1, 2),
                lr=0.03,
            )
        ]
        for steps in (0, 100)
    )
    assert all(np.array(after) < np.array(before) - 1)


def test_runs_side_by_side_are_those_alone() -> None:
    points, targets = crosswise(20, seed=0)
    fields: dict[str, Any] = {"estimator": "ReLU", "units": 5, "steps": 20}
    both = train_straight_through(points, targets, 0.1, seeds=(3, 4), **fields)
    (alone,) = train_straight_through(points, targets, 0.1, seeds=(4,), **fields)
    np.testing.assert_allclose(both[1].planes, alone.planes, atol=1e-9)
    np.testing.assert_allclose(both[1].weights, alone.weights, atol=1e-9)
    assert not np.allclose(both[0].weights, alone.weights)


def test_an_objective_is_that_of_the_best_scale() -> None:
    points, targets = crosswise(20, seed=0)
    random = np.random.default_rng(0)
    planes, weights = random.standard_normal((8, 3)), random.standard_normal(8)
    objective = StraightThroughRun(planes, weights).objective(points, targets, 0.2)
    predictions = patterns(points, planes) @ weights
    scaled = [
        0.5 * np.sum((scale * predictions - targets) ** 2) + 0.2 * scale * np.abs(weights).sum()
        for scale in np.linspace(0, 2, 4001)
    ]
    assert objective == pytest.approx(min(scaled), abs=1e-6)
    assert objective <= min(scaled)
