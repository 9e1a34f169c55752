"""Checking a study whole before any work: all problems are listed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from spikeatlas.flows.checks import (
    analysis_checks,
    checkpoint_checks,
    generator_checks,
    output_checks,
    probe_checks,
    roots,
    search_checks,
)
from spikeatlas.flows.study_file import parse
from spikeatlas.snn.data import DataSet
from spikeatlas.tasks.atlas import Layout
from spikeatlas.tasks.atlas.allocate import study_layout
from spikeatlas.tasks.study.resolve import resolve
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study, StudyError
from spikeatlas.tasks.workers import models


def _generator_problems(study: Study, data: DataSet | None) -> list[str]:
    return [] if data is None else generator_checks.generator_problems(study.generator, data)


def _training_problems(study: Study, _data: DataSet | None) -> list[str]:
    """Name what the training method cannot train."""
    return [] if study.network.checkpoints else study.training.method.problems(study.network)


PARTS: tuple[Callable[[Study, DataSet | None], list[str]], ...] = (
    probe_checks.layer_problems,
    checkpoint_checks.epoch_problems,
    search_checks.method_problems,
    search_checks.repeat_problems,
    analysis_checks.analysis_problems,
    search_checks.screening_problems,
    _generator_problems,
    search_checks.naturalness_problems,
    analysis_checks.classifier_problems,
    _training_problems,
)
"""Each part of a study, on its images (None where they cannot be loaded), to a sentence a problem."""


@dataclass(frozen=True)
class Checked:
    """A study that can run, and what was made to know it: nobody needs to make these again."""

    run: Run
    data: DataSet
    layout: Layout
    """Of its atlas."""

    @property
    def study(self) -> Study:
        """The study."""
        return self.run.study


def check(raw: Mapping[str, Any] | Study, *, fresh: bool = False) -> Checked:
    """Check everything that can be known now of a study, or of what its file holds.

    Raises StudyError with one sentence a problem. ``fresh``: what is in the output folder will go, so it
    need not agree.
    """
    study, problems = (raw, list[str]()) if isinstance(raw, Study) else parse(raw)
    if forbidden := roots.outside(study):
        raise StudyError([*problems, *forbidden])
    data, unreadable = _images(study)
    parts = chain.from_iterable(part(study, data) for part in PARTS)
    problems = [*problems, *output_checks.url_problems(study), *unreadable, *parts]
    if problems or data is None:
        raise StudyError(problems)
    run = resolve(study, len(data.classes))
    checked = Checked(run, data, study_layout(run, data))
    problems = (
        search_checks.room_problems(run)
        or output_checks.remote_problems(run)
        or output_checks.output_problems(run, checked.layout)
        + ([] if fresh else output_checks.atlas_problems(run, data))
    )
    if problems:
        raise StudyError(problems)
    return checked


def _images(study: Study) -> tuple[DataSet | None, list[str]]:
    """Return the data set, or None and the reason."""
    try:
        return models.dataset(study.data), []
    except (ValueError, OSError) as error:
        sentence = str(error)
        return None, [sentence if sentence.startswith("data") else f"data: {sentence}"]
