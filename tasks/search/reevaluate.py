"""Which of the stimuli that a search has shown is its result, and how strong it is, without its noise.

The best of many noisy answers is too good to be true. So the strongest are shown again and judged by
that alone, and what is reported is measured a third time: no choice rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points, Result
from spikeatlas.tasks.search.archive import Archive
from spikeatlas.tasks.search.loop import Task, own_responses
from spikeatlas.tasks.search.objective import trade_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

ELITES = 8
"""Stimuli of each search that are measured again when the coding is stochastic."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The outcome of N * R searches, a row each."""

    point: Points
    """(N * R, d)."""
    image: NDArray[np.uint8]
    """(N * R, c, h, w)."""
    judged: NDArray[np.float32]
    """(N * R,) what it was chosen by (the response, or its trade against naturalness), and may be compared
    with another search's."""
    response: NDArray[np.float32]
    """(N * R,) response measured afresh."""
    seen: Result
    """What the searches themselves know."""
    archive: Archive | None


def choose(run: Run, task: Task, result: Result, archive: Archive | None) -> Chosen:
    """The best stimulus of each search: measured again among its elites if the coding is stochastic."""
    point, judged = result.best_point, None
    if run.stochastic and archive:
        point, judged = judge(run, task, archive)
    image = decode(run, point)
    response = own_responses(run, task, "report", image[:, None])[:, 0]
    if judged is None:
        trade = trade_of(run, task.block, len(task.repeats))
        own = (response[:, None], point[:, None], image[:, None])
        judged = trade.own(*own)[:, 0] if trade else response
    return Chosen(point, image, judged, response, result, archive)


def judge(run: Run, task: Task, archive: Archive) -> tuple[Points, NDArray[np.float32]]:
    """The best point (N * R, d) of each search's elites by a new measurement, and that one (N * R,)."""
    sign = run.search.sign
    # a search that has shown fewer different points has its best one measured more than once
    elites = np.stack(
        [
            np.resize(points[:ELITES], (ELITES, points.shape[1]))
            for points, _ in archive.ranked(sign)
        ]
    )
    images = decode(run, elites.reshape(-1, elites.shape[2]))
    images = images.reshape(*elites.shape[:2], *images.shape[1:])
    again = own_responses(run, task, "elite", images)
    trade = trade_of(run, task.block, len(task.repeats))
    if trade:
        again = trade.own(again, elites, images)
    rows = np.arange(len(elites))
    best = (sign * again).argmax(axis=1)
    return elites[rows, best], again[rows, best]


def decode(run: Run, points: Points) -> NDArray[np.uint8]:
    """Stimuli (n, c, h, w) of points (n, d)."""
    model = models.generator(run)
    return model.decode(points, batch_size=run.responder.batch_size)
