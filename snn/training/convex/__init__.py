"""Convex training of threshold networks (Ergen et al. 2023, arXiv 2303.03382): problems, solutions, certificates."""

from __future__ import annotations

from spikeatlas.snn.training.convex.arrangement import (
    Patterns,
    Planes,
    Points,
    patterns,
    sample_planes,
    with_ones,
)
from spikeatlas.snn.training.convex.pattern_lasso import GAP, LassoSolution, certified, solve_lasso
from spikeatlas.snn.training.convex.straight_through_runs import (
    ESTIMATORS,
    StraightThroughRun,
    train_straight_through,
)
from spikeatlas.snn.training.convex.three_layers import (
    ThreeLayers,
    best_predictions,
    predictions_objective,
    three_layers,
)
from spikeatlas.snn.training.convex.unit_reduction import reduce_units

__all__ = [
    "ESTIMATORS",
    "GAP",
    "LassoSolution",
    "Patterns",
    "Planes",
    "Points",
    "StraightThroughRun",
    "ThreeLayers",
    "best_predictions",
    "certified",
    "patterns",
    "predictions_objective",
    "reduce_units",
    "sample_planes",
    "solve_lasso",
    "three_layers",
    "train_straight_through",
    "with_ones",
]
