"""The search loop: propose, decode, respond, learn, for all the neurons of a block in lock step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import (
    Batch,
    Maximizer,
    MethodLike,
    Points,
    Result,
    make_maximizer,
    uses_student,
)
from spikeatlas.tasks.search.archive import Archive
from spikeatlas.tasks.search.margin import Margin
from spikeatlas.tasks.search.objective import Objective
from spikeatlas.tasks.search.probe import Evaluation, Listening, Probe, Screening
from spikeatlas.tasks.workers.showings import add_images
from spikeatlas.tasks.workers.stopping import check_stop


@dataclass(frozen=True, eq=False)
class Searches:
    """N * R searches by one method: R repeats for each neuron of a probe."""

    method: MethodLike
    """Name, or the user's own."""
    seeds: NDArray[np.int64]
    """(N, R)."""
    budget: int
    """Images a search."""
    share: bool = False
    allocation: Literal["fixed", "adaptive"] = "fixed"
    options: Mapping[str, Any] = field(default_factory=dict)
    starts: Points | None = None
    """(N * R, m, d): points to start from."""
    pool: Points | None = None
    """(k, d): points to choose from."""
    screening: Screening | None = None
    """What was shown before, to searches of one repeat."""
    archived: bool = False
    """True to keep everything that is shown."""
    ends: tuple[float | None, float | None] = (0.0, 1.0)
    """The lowest and the highest response that there can be; None where there is no end."""

    @property
    def listening(self) -> Listening | None:
        """Responses that a student is told, of a method that asks one."""
        return listening_of(self.method, share=self.share)


def listening_of(method: MethodLike, *, share: bool) -> Listening | None:
    """Return what the student of a method is told; None of a method that asks none."""
    if not uses_student(method):
        return None
    return "all" if share else "own"


@dataclass(frozen=True, eq=False)
class Outcome:
    """The end of N * R searches."""

    result: Result
    archive: Archive | None
    images: int
    """Images proposed, for all searches together."""
    stimuli: int
    """Different stimuli decoded and shown."""
    drive: NDArray[np.float32] | None = None
    """(N * R,) largest drive by anything that was shown, in thresholds; None where nobody asked for it."""

    def of(self, searches: slice) -> Outcome:
        """Return that of some of the searches; images are counted for all together."""
        return replace(
            self,
            result=self.result.of(searches),
            archive=None if self.archive is None else self.archive.of(searches),
            drive=None if self.drive is None else self.drive[searches],
        )


class SearchRecord:
    """The record of what searches have shown so far, and of the range of the responses."""

    def __init__(self, searches: Searches) -> None:
        """Begin with nothing shown."""
        count = searches.seeds.size
        self._archive = Archive(count, share=searches.share) if searches.archived else None
        self._lowest = np.full(count, np.inf, np.float32)
        self._highest = np.full(count, -np.inf, np.float32)
        self._drive: NDArray[np.float32] | None = None
        self._images = self._stimuli = 0

    def add_screening(self, screening: Screening) -> None:
        """Enter what every search knows from the start."""
        self._widen(screening.evaluation)
        if self._archive:
            self._archive.add_common(screening.points, screening.evaluation.values)

    def add(self, batch: Batch, evaluation: Evaluation) -> None:
        """Enter a batch of proposals."""
        self._widen(evaluation)
        self._images += len(batch)
        self._stimuli += evaluation.stimuli
        if self._archive:
            self._archive.add(batch, evaluation.values)

    def _widen(self, evaluation: Evaluation) -> None:
        self._lowest = np.fmin(self._lowest, evaluation.lowest)
        self._highest = np.fmax(self._highest, evaluation.highest)
        if evaluation.drive is not None:
            before = -np.inf if self._drive is None else self._drive
            self._drive = np.fmax(before, evaluation.drive).astype(np.float32)

    def end(self, result: Result, objective: Objective, margin: Margin | None = None) -> Outcome:
        """Return the outcome; its range is that of the responses, not of a value with naturalness or a margin."""
        if objective.naturalness or margin:
            result = replace(result, lowest=self._lowest, highest=self._highest)
        if margin and not objective.naturalness:
            best, history = margin.lower(result.best_response), margin.lower(result.history)
            result = replace(result, best_response=best, history=history)
        return Outcome(result, self._archive, self._images, self._stimuli, self._drive)


def run_search(probe: Probe, searches: Searches) -> Outcome:
    """Run searches to their end. InterruptedError where the process is asked to stop."""
    record = SearchRecord(searches)
    with probe.watch("optimizer"):
        maximizer = _start(probe, searches)
    if searches.screening:
        evaluation = searches.screening.evaluation
        maximizer.tell_screening(
            searches.screening.points, evaluation.values, evaluation.recordings
        )
        record.add_screening(searches.screening)
        shown_to = 1 if searches.share else searches.seeds.size
        add_images(len(searches.screening.points) * shown_to)
    while not maximizer.done:
        check_stop()
        with probe.watch("optimizer"):
            batch = maximizer.ask()
        evaluation = probe.evaluate(batch.points, searches.seeds.shape[1], searches.listening)
        with probe.watch("optimizer"):
            maximizer.tell(batch, evaluation.values, evaluation.recordings)
        record.add(batch, evaluation)
        add_images(len(batch))
    with probe.watch("optimizer"):
        result = maximizer.result()
    return record.end(result, probe.objective, probe.margin)


def _start(probe: Probe, searches: Searches) -> Maximizer:
    return make_maximizer(
        searches.method,
        probe.space,
        seeds=searches.seeds.ravel(),
        budget=searches.budget,
        share=searches.share,
        sign=probe.objective.sign,
        starts=searches.starts,
        pool=searches.pool,
        allocation=searches.allocation,
        ends=searches.ends,
        student=probe.student(searches.options, share=searches.share)
        if searches.listening
        else None,
        **searches.options,
    )
