"""Training steps timed on every back end that is here, side by side."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from spikeatlas.flows.checks.study_checks import check_network
from spikeatlas.flows.study_file import read_study
from spikeatlas.snn.data import DataSet, Split
from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.training import BACKENDS, Lesson, StepLearner, TrainingBackend, TrainingSpec
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers import models

REFERENCE = ("eager", "float32")
"""snnTorch's own loop."""
_BATCHES = 4
"""Batches of images that the steps go through."""
_ROUND = 0.5
"""Seconds that a back end takes in a round, or one step."""


class Job(NamedTuple):
    """A training whose steps are timed."""

    network: Architecture
    training: TrainingSpec
    data: DataSet
    seed: int = 0


class StepSpeed(NamedTuple):
    """Speed of one way to compute a step: encoding, forward, backward and the method's update."""

    backend: str
    precision: str
    seconds: float
    """Median of the rounds, core-seconds a step."""
    first: float
    """Core-seconds of the first step, in which a back end compiles, its compiler's included."""


def study_job(study: Path, overrides: Iterable[str]) -> Job:
    """Return the training of a study, its images cut to some whole batches.

    StudyError for a study whose network is not trained here, or that cannot run.
    """
    checked = check_network(read_study(study, overrides))
    network = checked.network
    if not isinstance(network, Architecture) or not network.trained_here:
        raise StudyError(["network: it is not trained here; time a study whose network is"])
    return Job(network, checked.training, models.dataset(checked.data), checked.seed)


def time_backends(job: Job, rounds: int) -> Iterator[StepSpeed]:
    """Time every back end and precision that can compute the training, in turns in this process."""
    learners: dict[tuple[str, str], StepLearner] = {
        (backend.kind, spec.precision): _learner(job, spec)
        for backend in _known(job.training)
        for spec in _specs(backend, job)
    }
    first = {way: _seconds_of(learner, 1, _family_time) for way, learner in learners.items()}
    slowest = max(_seconds_of(learner, 1, time.process_time) for learner in learners.values())
    steps = max(1, int(_ROUND / max(slowest, 1e-3)))
    seconds: dict[tuple[str, str], list[float]] = {way: [] for way in learners}
    for _ in range(rounds):
        for way, learner in learners.items():
            seconds[way].append(_seconds_of(learner, steps, time.process_time) / steps)
    for way, rates in seconds.items():
        yield StepSpeed(*way, median(rates), first[way])


def _known(training: TrainingSpec) -> list[TrainingBackend]:
    """Return the back ends built in, and the study's own."""
    built_in = [BACKENDS.read(kind) for kind in BACKENDS.members]
    return built_in if training.backend in built_in else [*built_in, training.backend]


def _specs(backend: TrainingBackend, job: Job) -> list[TrainingSpec]:
    """Return the training by a back end, once for each precision, where it can be computed here."""
    specs = [
        dataclasses.replace(job.training, backend=backend, precision=precision)
        for precision in backend.precisions
    ]
    return [spec for spec in specs if not spec.backend_problems(job.network)]


def _learner(job: Job, spec: TrainingSpec) -> StepLearner:
    images, labels = job.data.train.images, job.data.train.labels
    batch = min(spec.batch_size, len(images))
    count = batch * min(len(images) // batch, _BATCHES)
    train = Split(images[:count], labels[:count])
    data = dataclasses.replace(job.data, train=train)
    spec = dataclasses.replace(spec, batch_size=batch, epochs=1000)
    return StepLearner(Lesson(job.network, spec, data, job.seed, "benchmark"))


def _seconds_of(learner: StepLearner, steps: int, clock: Callable[[], float]) -> float:
    began = clock()
    learner.train(learner.step + steps)
    return clock() - began


def _family_time() -> float:
    """Return core-seconds of this process and of those that it started, as far as they have ended."""
    return sum(os.times()[:4])


def throughput_table(job: Job, speeds: Sequence[StepSpeed]) -> str:
    """Return images a second of every back end, and their ratio to snnTorch's own loop, as a Markdown table."""
    batch = min(job.training.batch_size, len(job.data.train))
    seconds = {(speed.backend, speed.precision): speed.seconds for speed in speeds}
    reference = seconds.get(REFERENCE)
    rows = []
    for speed in speeds:
        ratio = "-" if reference is None else f"{reference / speed.seconds:.2f}x"
        cells = (f"{batch / speed.seconds:,.0f}", ratio, f"{speed.first:.1f}")
        rows.append(f"| {' | '.join((speed.backend, speed.precision, *cells))} |")
    heads = ("back end", "precision", "images/s", "to snnTorch's loop", "first step, core-s")
    return "\n".join([f"| {' | '.join(heads)} |", "| --- | --- | --- | --- | --- |", *rows])


def absences(job: Job) -> Iterator[str]:
    """Yield a sentence for each back end that cannot compute the training here."""
    for backend in _known(job.training):
        if not _specs(backend, job):
            spec = dataclasses.replace(job.training, backend=backend, precision="float32")
            yield f"not timed: {'; '.join(spec.backend_problems(job.network))}"
