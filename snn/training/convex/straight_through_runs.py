"""Threshold networks trained by gradients that are none: what the convex problem is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.training.convex.arrangement import Planes, Points, patterns

ESTIMATORS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda margins: margins,
    "ReLU": torch.relu,
    "leaky ReLU": functional.leaky_relu,
    "clipped ReLU": lambda margins: margins.clamp(0, 1),
}
"""Functions whose derivative stands for that of 1[margin >= 0] (Bengio et al. 2013, arXiv 1308.3432, and variants)."""


class StraightThroughRun(NamedTuple):
    """A two-layer threshold network that gradient descent has trained."""

    planes: Planes
    """(units, d + 1)."""
    weights: NDArray[np.float64]
    """(units,)."""

    def objective(self, points: Points, targets: NDArray[np.float64], beta: float) -> float:
        """Return 1/2 |f - y|^2 + beta |c w|_1 of the predictions f = c D w at the best c >= 0.

        A unit's threshold function may be scaled one way and its weight the other: weight decay of both is least where it
        is |w|; c is the scale of all.
        """
        predictions = patterns(points, self.planes) @ self.weights
        size, cost = float(predictions @ predictions), beta * float(np.abs(self.weights).sum())
        scale = max(0.0, float(predictions @ targets) - cost) / size if size else 0.0
        return float(0.5 * np.sum((scale * predictions - targets) ** 2) + scale * cost)


def train_straight_through(
    points: Points,
    targets: NDArray[np.float64],
    beta: float,
    *,
    estimator: str,
    units: int,
    steps: int,
    seeds: Sequence[int],
    lr: float = 0.01,
) -> list[StraightThroughRun]:
    """Train a network for each of ``seeds`` by Adam on all points at once, from planes and weights that the seed draws.

    ``estimator``: of ``ESTIMATORS``. The loss is 1/2 |f - y|^2 + beta |w|_1, divided by the number of points.
    """
    rows, labels = torch.from_numpy(points), torch.from_numpy(targets)
    draws = [_draw(units, points.shape[1], seed) for seed in seeds]
    planes, weights = (torch.stack(parts).requires_grad_() for parts in zip(*draws, strict=True))
    optimizer = torch.optim.Adam([planes, weights], lr=lr)
    for _ in range(steps):
        margins = rows @ planes.mT
        smooth = ESTIMATORS[estimator](margins)
        on = smooth + ((margins >= 0).double() - smooth).detach()
        errors = (on @ weights[:, :, None])[:, :, 0] - labels
        # networks have no parameter in common, and Adam's steps are each parameter's own
        loss = 0.5 * errors.square().sum() + beta * weights.abs().sum()
        optimizer.zero_grad()
        (loss / len(labels)).backward()
        optimizer.step()
    pairs = zip(planes.detach().numpy(), weights.detach().numpy(), strict=True)
    return [StraightThroughRun(*pair) for pair in pairs]


def _draw(units: int, width: int, seed: int) -> tuple[Tensor, Tensor]:
    """Planes (units, width) and weights (units,)."""
    random = torch.Generator().manual_seed(seed)
    planes = torch.randn(units, width, generator=random, dtype=torch.float64) / width**0.5
    return planes, torch.randn(units, generator=random, dtype=torch.float64) / units
