"""The training of a two-layer threshold network as a Lasso over the patterns of its units, with a certificate.

For a fixed set of patterns D (n, P) the least of 1/2 |D w - y|^2 + beta |w|_1 is that of the training with weight decay
of a network sum_j w_j 1[x . u_j >= 0] whose units have these patterns (Ergen et al. 2023, arXiv 2303.03382).
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.training.convex.arrangement import Patterns

Weights = NDArray[np.float64]
"""(P,): one a pattern."""

GAP = 1e-6
"""Duality gap below which a solution counts as optimal, of a sum over all points."""
_SWEEPS = 100_000
_KNOTS = 100_000


@dataclasses.dataclass(frozen=True)
class LassoSolution:
    """The optimum at one beta, and how far from it the solution may be at most."""

    beta: float
    weights: Weights
    objective: float
    """1/2 |D w - y|^2 + beta |w|_1."""
    gap: float
    """Upper bound on the objective's distance from its least value (>= 0)."""

    @property
    def is_optimal(self) -> bool:
        """Tell whether it counts as optimal; what overflowed has a gap of NaN, and does not."""
        return self.gap < GAP


def solve_lasso(
    patterns: Patterns, targets: NDArray[np.float64], betas: Sequence[float]
) -> list[LassoSolution]:
    """Solve the problem for each of ``betas`` (> 0, descending), for targets (n,).

    The solution is piecewise linear in beta: scikit-learn's least-angle regression (Efron et al. 2004) goes from knot to
    knot. Where rounding ends that early, as for patterns that nearly depend on each other, coordinate descent goes on.
    """
    # scikit-learn takes seconds to import
    from sklearn.linear_model import lars_path  # noqa: PLC0415

    columns = np.asfortranarray(patterns, np.float64)
    with warnings.catch_warnings():
        # it warns of columns that it leaves out; the certificate judges the solution
        warnings.simplefilter("ignore")
        knots, _, path = lars_path(
            columns, targets, method="lasso", alpha_min=betas[-1] / len(targets), max_iter=_KNOTS
        )
    solutions = []
    for beta in betas:
        weights = _at(beta / len(targets), knots, path)
        solution = certified(columns, targets, weights, beta)
        if not solution.is_optimal:
            solution = certified(columns, targets, _descended(columns, targets, solution), beta)
        solutions.append(solution)
    return solutions


def certified(
    columns: NDArray[np.float64], targets: NDArray[np.float64], weights: Weights, beta: float
) -> LassoSolution:
    """Return a solution with its objective and its duality gap.

    The dual is max over |D^T v|_inf <= beta of 1/2 |y|^2 - 1/2 |v - y|^2; v is the residual, made smaller where it breaks
    the bound.
    """
    residual = targets - columns @ weights
    objective = 0.5 * residual @ residual + beta * np.abs(weights).sum()
    steepest = np.abs(columns.T @ residual).max(initial=0.0)
    certificate = residual * min(1.0, beta / steepest) if steepest else residual
    dual = 0.5 * targets @ targets - 0.5 * np.sum((certificate - targets) ** 2)
    return LassoSolution(beta, weights, float(objective), max(float(objective - dual), 0.0))


def _at(alpha: float, knots: NDArray[np.float64], path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights at ``alpha``, between those (P, knots) at descending knots."""
    place = int(np.searchsorted(-knots, -alpha))
    if place in {0, len(knots)}:
        return path[:, min(place, len(knots) - 1)].copy()
    share = (knots[place - 1] - alpha) / (knots[place - 1] - knots[place])
    weights: NDArray[np.float64] = (1 - share) * path[:, place - 1] + share * path[:, place]
    return weights


def _descended(
    columns: NDArray[np.float64], targets: NDArray[np.float64], start: LassoSolution
) -> NDArray[np.float64]:
    """Weights after coordinate descent from a solution that is not good enough."""
    from sklearn.linear_model import Lasso  # noqa: PLC0415

    model = Lasso(
        alpha=start.beta / len(targets),
        fit_intercept=False,
        # of |y|^2 / n, as is the gap that it is held against
        tol=GAP / 10 / float(targets @ targets),
        max_iter=_SWEEPS,
        warm_start=True,
    )
    model.coef_ = start.weights.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(columns, targets)
    weights: NDArray[np.float64] = model.coef_
    return weights
