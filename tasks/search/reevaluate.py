"""The best stimulus of each search, and its response without the luck by which it was chosen.

The best of many noisy answers is too good to be true. So the strongest candidates are shown again and
judged by that alone, and what is reported is measured a third time: no choice rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points
from spikeatlas.tasks.search.archive import Archive
from spikeatlas.tasks.search.loop import Outcome
from spikeatlas.tasks.search.probe import Probe

CANDIDATES = 8
"""Stimuli of each search that are measured again when the coding is stochastic."""


@dataclass(frozen=True, eq=False)
class Optima:
    """The best stimuli of N * R searches, a row each."""

    point: Points
    """(N * R, d)."""
    image: NDArray[np.uint8]
    """(N * R, c, h, w)."""
    value: NDArray[np.float32]
    """(N * R,) of the objective: the measurement by which they were chosen and may be compared."""
    response: NDArray[np.float32]
    """(N * R,) measured afresh."""
    outcome: Outcome
    """The searches that they come from."""

    def of(self, searches: slice) -> Optima:
        """Return those of some of the searches."""
        return Optima(
            self.point[searches],
            self.image[searches],
            self.value[searches],
            self.response[searches],
            self.outcome.of(searches),
        )


def find_optima(probe: Probe, outcome: Outcome, *, stochastic: bool) -> Optima:
    """Return the best stimulus of each search; of a stochastic coding, among candidates measured again."""
    if stochastic and outcome.archive:
        point, value = remeasure(probe, outcome.archive)
        image = probe.decode(point)
        response = probe.respond_own("report", image[:, None])[:, 0]
        return Optima(point, image, value, response, outcome)
    point = outcome.result.best_point
    image = probe.decode(point)
    response = probe.respond_own("report", image[:, None])
    value = probe.objective.own_values(response, point[:, None], image[:, None])
    return Optima(point, image, value[:, 0], response[:, 0], outcome)


def remeasure(probe: Probe, archive: Archive) -> tuple[Points, NDArray[np.float32]]:
    """Return the best point (N * R, d) of each search's candidates by a new measurement, and that (N * R,)."""
    sign = probe.objective.sign
    # a search that has shown fewer different points has its best one measured more than once
    candidates = np.stack(
        [
            np.resize(points[:CANDIDATES], (CANDIDATES, points.shape[1]))
            for points, _ in archive.ranked(sign)
        ]
    )
    images = probe.decode(candidates.reshape(-1, candidates.shape[2]))
    images = images.reshape(*candidates.shape[:2], *images.shape[1:])
    responses = probe.respond_own("elite", images)
    values = probe.objective.own_values(responses, candidates, images)
    rows = np.arange(len(candidates))
    best = (sign * values).argmax(axis=1)
    return candidates[rows, best], values[rows, best]
