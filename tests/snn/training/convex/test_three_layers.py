from __future__ import annotations

import numpy as np
import pytest
import scipy
from numpy.typing import NDArray

from spikeatlas.snn.training.convex import (
    best_predictions,
    predictions_objective,
    three_layers,
    with_ones,
)


def solved(targets: NDArray[np.float64], beta: float) -> float:
    """The least objective by a general solver: predictions between levels -b and a."""
    count = len(targets)
    start = np.r_[targets, targets.max(), -targets.min()]
    found = scipy.optimize.minimize(  # type: ignore[call-overload]
        lambda x: 0.5 * np.sum((x[:count] - targets) ** 2) + beta * x[count:].sum(),
        start,
        jac=lambda x: np.r_[x[:count] - targets, beta, beta],
        method="SLSQP",
        bounds=[(None, None)] * count + [(0, None)] * 2,
        constraints={
            "type": "ineq",
            "fun": lambda x: np.r_[x[count] - x[:count], x[:count] + x[count + 1]],
            "jac": lambda _: np.block(
                [
                    [-np.eye(count), np.ones((count, 1)), np.zeros((count, 1))],
                    [np.eye(count), np.zeros((count, 1)), np.ones((count, 1))],
                ]
            ),
        },
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    # 8: no step lowers it any more, where rounding is larger than ftol (so on some processors)
    assert found.status in (0, 8)
    return float(found.fun)


@pytest.mark.parametrize("beta", [0.01, 0.5, 2.0, 50.0])
def test_the_closed_form_is_what_a_solver_finds(beta: float) -> None:
    targets = np.random.default_rng(3).standard_normal(25)
    predictions = best_predictions(targets, beta)
    assert predictions_objective(predictions, targets, beta) == pytest.approx(
        solved(targets, beta), abs=1e-6
    )


def test_where_beta_is_large_nothing_is_predicted() -> None:
    targets = np.array([1.0, 2.0, -0.5])
    assert best_predictions(targets, 3.0).tolist() == [0, 0, 0]
    assert best_predictions(targets, 2.9).tolist() == pytest.approx([0.05, 0.05, 0])


def test_its_levels_are_those_of_the_paper_s_example() -> None:
    targets = np.repeat([1.0, -1.0], 50)
    predictions = best_predictions(targets, 1e-3 * 100)
    np.testing.assert_allclose(np.abs(predictions), 0.998)
    assert predictions_objective(predictions, targets, 0.1) / 100 == pytest.approx(2.0e-3, abs=5e-6)


def test_its_network_predicts_so() -> None:
    random = np.random.default_rng(0)
    points = with_ones(random.standard_normal((100, 20)))
    first = random.standard_normal((1000, 21))
    for targets, units in (
        (np.sign(random.standard_normal(100)), 2),
        (random.standard_normal(100), 100),
    ):
        network = three_layers(points, targets, first, beta=0.1)
        np.testing.assert_allclose(
            network.predict(points), best_predictions(targets, 0.1), atol=1e-12
        )
        assert len(network.second) == len(network.weights) <= units


def test_a_small_first_layer_does_not_do() -> None:
    random = np.random.default_rng(0)
    points = with_ones(random.standard_normal((100, 20)))
    with pytest.raises(ValueError, match="5 units of a first layer do not tell 100 points apart"):
        three_layers(points, random.standard_normal(100), random.standard_normal((5, 21)), 0.1)
