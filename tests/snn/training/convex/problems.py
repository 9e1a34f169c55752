"""Small problems whose optimum is known otherwise."""

from __future__ import annotations

import itertools

import numpy as np
import scipy
from numpy.typing import NDArray

from spikeatlas.snn.training.convex import Points, with_ones


def crosswise(count: int, seed: int) -> tuple[Points, NDArray[np.float64]]:
    """Points of the plane with the sign of the product of their coordinates: no line tells them apart."""
    features = np.random.default_rng(seed).uniform(-1, 1, (count, 2))
    return with_ones(features), np.sign(features[:, 0] * features[:, 1])


def all_patterns(points: Points) -> NDArray[np.bool_]:
    """Every pattern (n, P) that a plane makes, the empty one apart: each of 2^n is tried by a linear programme."""
    columns = []
    for row in itertools.product((False, True), repeat=len(points)):
        signs = np.where(row, -1.0, 1.0)[:, None]
        # x . u >= 0 for those that are on, <= -1 for the others
        bounds = np.where(row, 0.0, -1.0)
        found = scipy.optimize.linprog(
            np.zeros(points.shape[1]), signs * points, bounds, bounds=(None, None)
        )
        if any(row) and found.status == 0:
            columns.append(row)
    return np.array(columns).T


def least_objective(
    patterns: NDArray[np.bool_], targets: NDArray[np.float64], beta: float
) -> float:
    """The least of the Lasso by its dual, which another library maximises: |y|^2/2 - |v - y|^2/2 over |D^T v|_inf <= beta."""
    columns = patterns.astype(float)
    nearest = scipy.optimize.minimize(
        lambda dual: 0.5 * np.sum((dual - targets) ** 2),
        np.zeros(len(targets)),
        jac=lambda dual: dual - targets,
        method="SLSQP",
        constraints={
            "type": "ineq",
            "fun": lambda dual: np.r_[beta - columns.T @ dual, beta + columns.T @ dual],
            "jac": lambda _: np.r_[-columns.T, columns.T],
        },
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert nearest.success
    return float(0.5 * targets @ targets - nearest.fun)
