"""Training of threshold units along a path of regularisations, one problem a class and step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import encode
from spikeatlas.snn.networks import CERTIFICATES, ThresholdHead, ThresholdHeadArchitecture
from spikeatlas.snn.training.checkpoints import load_network
from spikeatlas.snn.training.convex.arrangement import (
    Planes,
    Points,
    patterns,
    sample_planes,
    with_ones,
)
from spikeatlas.snn.training.convex.pattern_lasso import (
    LassoSolution,
    certified,
    solve_lasso,
)
from spikeatlas.snn.training.convex.unit_reduction import reduce_units
from spikeatlas.snn.training.methods.lesson import Lesson
from spikeatlas.snn.training.methods.network_learner import NetworkLearner
from spikeatlas.snn.training.methods.step_learner import taught_split

_BATCH = 64


@dataclasses.dataclass(frozen=True)
class _Problem:
    """All that the problems of the classes share."""

    planes: Planes
    """(units, features + 1), in the order in which they were drawn."""
    patterns: NDArray[np.float64]
    """(n, units), 0 or 1."""
    targets: NDArray[np.float64]
    """(classes, n): 1 for images of the class, else -1."""

    @property
    def strengths(self) -> NDArray[np.float64]:
        """Beta (classes, units) at which each pattern alone would come into use."""
        return np.abs(self.targets @ self.patterns)


class ConvexPath(NetworkLearner):
    """Threshold units whose weights are the optimum at each step of a path.

    Units stand in the order in which they come into use along it, whatever the class. All problems of a class are
    solved at once: the solution is piecewise linear in beta.
    """

    def __init__(self, lesson: Lesson, path: Sequence[float]) -> None:
        """``path``: beta of each step, divided by the number of images, descending."""
        super().__init__(lesson)
        assert isinstance(self.network, ThresholdHead)
        self._head = self.network
        self._betas = [beta * len(lesson.data.train) for beta in path]
        self._solutions: list[list[LassoSolution]] = []
        """Of each class that is solved, at each step."""
        self._freeze()

    def _freeze(self) -> None:
        """Give the network that features come from its weights."""
        architecture, data = self.lesson.architecture, self.lesson.data
        assert isinstance(architecture, ThresholdHeadArchitecture)
        frozen = architecture.frozen
        if frozen is not None:
            assert self._head.trunk is not None
            source = load_network(frozen.file, frozen.architecture, data.shape, len(data.classes))
            self._head.trunk.load_state_dict(source.state_dict())
        # of that network in evaluation, an early exit may have fewer steps
        self._head.eval()

    @property
    def images_seen(self) -> int:
        """See ``NetworkLearner``: every step's problem is one of all images."""
        return self.step * len(self.lesson.data.train)

    @cached_property
    def problem(self) -> _Problem:
        """Planes that are drawn, and the patterns that they make of all training images.

        ValueError where there are fewer patterns than the network has units.
        """
        split = taught_split(self.lesson)
        points = self._points(split.images)
        units = self._head.units
        planes = sample_planes(points, units, self.lesson.seed)
        if len(planes) < units:
            raise ValueError(
                f"network.units is {units}, but the features of {len(points)} training images were seen to make only "
                f"{len(planes)} patterns: set it to {len(planes)} at most, or choose other features."
            )
        targets = np.where(split.labels == np.arange(self._head.classes)[:, None], 1.0, -1.0)
        return _Problem(planes, patterns(points, planes).astype(np.float64), targets)

    @torch.no_grad()
    def _points(self, images: NDArray[np.uint8]) -> Points:
        """Scaled features of images, and a 1; the scale becomes the network's."""
        self.step = 0
        parts = []
        for batch, count in padded_batches(images, _BATCH):
            inputs = encode(self._head, batch, self.key("train"))
            parts.append(self._head.features(inputs)[:count])
        features = torch.cat(parts)
        self._head.centre.copy_(features.mean(0))
        # one number for all features: planes are drawn alike in all directions
        spread = (features - self._head.centre).square().mean().sqrt()
        self._head.scale.fill_(spread if spread > 0 else 1.0)
        return with_ones(((features - self._head.centre) / self._head.scale).numpy())

    def reach(self, place: float, stop: Callable[[], None], keep: Callable[[], None]) -> None:
        """See ``NetworkLearner``: every class is solved before the first place, for the order of the units."""
        problem = self.problem
        while len(self._solutions) < self._head.classes:
            stop()
            self._solutions.append(self._solved(problem.targets[len(self._solutions)]))
            keep()
        self.step = int(place)
        self._put(self._at(self.step))

    def _solved(self, targets: NDArray[np.float64]) -> list[LassoSolution]:
        """Solve a class at every step, with as few units as that takes."""
        columns = self.problem.patterns
        solutions = []
        for optimum in solve_lasso(columns >= 1, targets, self._betas):
            weights = reduce_units(columns >= 1, optimum.weights)
            solutions.append(_optimal(columns, targets, weights, optimum.beta))
        return solutions

    def _at(self, step: int) -> list[LassoSolution]:
        """Return each class's solution; at step 0 that of the least beta at which no unit is in use."""
        if step:
            return [solutions[step - 1] for solutions in self._solutions]
        columns, targets = self.problem.patterns, self.problem.targets
        empty = np.zeros(self._head.units)
        betas = self.problem.strengths.max(1)
        return [
            certified(columns, row, empty, float(beta))
            for row, beta in zip(targets, betas, strict=True)
        ]

    def _put(self, solutions: Sequence[LassoSolution]) -> None:
        """Make the network that of a step."""
        head, order = self._head, self._order
        head.planes.copy_(torch.from_numpy(self.problem.planes[order]))
        weights = np.stack([solution.weights for solution in solutions], axis=1)
        head.weights.copy_(torch.from_numpy(weights[order]))
        for name in CERTIFICATES:
            values = [getattr(solution, name) for solution in solutions]
            head.get_buffer(name).copy_(torch.tensor(values, dtype=torch.float64))

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        """Units by the step at which they come into use; those of one step, and those of none, by their strength."""
        weights = np.array([[row.weights for row in rows] for rows in self._solutions])
        use = (weights != 0).any(0)
        entry = np.where(use.any(0), use.argmax(0), len(self._betas))
        order: NDArray[np.int64] = np.lexsort((-self.problem.strengths.max(0), entry))
        return order

    def state_dict(self) -> dict[str, Any]:
        """See ``NetworkLearner``: the solutions, all else follows from the lesson."""
        rows = [[solution.weights for solution in solutions] for solutions in self._solutions]
        return {"weights": torch.from_numpy(np.array(rows))}

    def is_past(self, state: dict[str, Any], place: float) -> bool:
        """See ``NetworkLearner``: from the solutions every place can be reached, before or after another."""
        del state, place
        return False

    def restore(self, state: dict[str, Any]) -> None:
        """See ``NetworkLearner``."""
        columns, targets = self.problem.patterns, self.problem.targets
        self._solutions = [
            [
                _optimal(columns, targets[number], weights, beta)
                for weights, beta in zip(rows, self._betas, strict=True)
            ]
            for number, rows in enumerate(state["weights"].numpy())
        ]


def _optimal(
    columns: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    beta: float,
) -> LassoSolution:
    """Return a solution with its certificate. FloatingPointError for one that is none."""
    solution = certified(columns, targets, weights, beta)
    if not solution.is_optimal:
        raise FloatingPointError(
            f"the problem at beta {beta:g} ended {solution.gap:.1g} above its least value: let "
            "training.method.path end earlier, or set network.units lower."
        )
    return solution
