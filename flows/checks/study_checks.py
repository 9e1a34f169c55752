"""Checking a study whole before any work: all problems are listed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from spikeatlas.flows.checks import (
    analysis_checks,
    device_checks,
    environment_checks,
    epoch_checks,
    generator_checks,
    output_checks,
    probe_checks,
    roots,
    sequence_checks,
)
from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.flows.checks.searches import (
    margin_checks,
    room_checks,
    search_checks,
    student_checks,
)
from spikeatlas.flows.study_file import Parsed, parse
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.sentences import in_field, sentence_of
from spikeatlas.snn.subjects import Source
from spikeatlas.snn.training import Lesson, batch_problems
from spikeatlas.tasks.atlas import Layout
from spikeatlas.tasks.atlas.allocate import study_layout
from spikeatlas.tasks.atlas.ownership import obstacles
from spikeatlas.tasks.study.resolve import resolve
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study, StudyError
from spikeatlas.tasks.workers import models

Loaded = TypeVar("Loaded")


def _generator_problems(inputs: StudyInputs) -> list[str]:
    data = inputs.data
    if data is None or data.frames is not None or inputs.lack("generator"):
        return []
    return generator_checks.generator_problems(inputs.study.generator, data)


def _device_problems(inputs: StudyInputs) -> list[str]:
    return device_checks.device_problems(inputs.study, inputs.gaps)


def _analysis_problems(inputs: StudyInputs) -> list[str]:
    if inputs.lack("analysis"):
        return []
    # positions and lengths are of the probed layers, and of maps as large as the images make them
    source = None if inputs.lack("probe", "data") else inputs.source
    return analysis_checks.analysis_problems(replace(inputs, source=source))


def _training_problems(inputs: StudyInputs) -> list[str]:
    """Name what the training cannot teach, or cannot teach by such images."""
    study, network, data = inputs.study, inputs.study.network, inputs.data
    if inputs.lack("network", "training"):
        return []
    if not network.trained_here or not isinstance(network, Architecture):
        return []
    problems = study.training.problems(network)
    if problems or data is None or inputs.source is None or not study.training.epochs:
        return problems
    lesson = Lesson(network, study.training, data, study.seed, study="")
    return study.training.method.lesson_problems(lesson) or batch_problems(lesson)


PARTS: tuple[Callable[[StudyInputs], list[str]], ...] = (
    sequence_checks.sequence_problems,
    probe_checks.layer_problems,
    probe_checks.exit_problems,
    epoch_checks.epoch_problems,
    search_checks.method_problems,
    search_checks.repeat_problems,
    _analysis_problems,
    search_checks.screening_problems,
    room_checks.plain_room_problems,
    room_checks.pool_problems,
    _generator_problems,
    search_checks.naturalness_problems,
    margin_checks.margin_problems,
    student_checks.climb_problems,
    student_checks.knowledge_problems,
    search_checks.sign_problems,
    analysis_checks.classifier_problems,
    environment_checks.environment_problems,
    _training_problems,
    _device_problems,
)
"""Each part of a study to a sentence a problem."""


@dataclass(frozen=True)
class Checked:
    """A study that can run, and what was made to know it: nobody needs to make these again."""

    run: Run
    data: DataSet
    source: Source
    """The epochs of its network."""
    layout: Layout
    """Of its atlas."""

    @property
    def study(self) -> Study:
        """The study."""
        return self.run.study


def check(raw: Mapping[str, Any] | Study, *, fresh: bool = False, atlas: bool = True) -> Checked:
    """Check everything that can be known now of a study, or of what its file holds.

    Raises StudyError with one sentence a problem. ``fresh``: what an earlier run left will go, so it
    need not agree. ``atlas``: it is made, with its report; otherwise one that is there is neither read nor changed.
    """
    inputs, problems = _load(raw)
    study, data, source = inputs.study, inputs.data, inputs.source
    parts = chain.from_iterable(part(inputs) for part in PARTS)
    problems = [*problems, *output_checks.url_problems(study), *parts]
    if problems or data is None or source is None:
        raise StudyError(problems)
    run = resolve(study, source)
    checked = Checked(run, data, source, study_layout(run, data, source))
    problems = (
        room_checks.room_problems(run)
        or output_checks.remote_problems(run)
        or output_checks.output_problems(run, checked.layout)
        or (obstacles(run, fresh=fresh) if atlas else [])
        + ([] if fresh or not atlas else output_checks.atlas_problems(run, source, data))
    )
    if problems:
        raise StudyError(problems)
    return checked


def check_network(raw: Mapping[str, Any]) -> Study:
    """Check what a study says of its images and its network, and return it.

    Raises StudyError with one sentence a problem.
    """
    inputs, problems = _load(raw)
    problems = [
        *problems,
        *_device_problems(inputs),
        *epoch_checks.epoch_problems(inputs),
    ]
    if problems:
        raise StudyError(problems)
    return inputs.study


def _load(raw: Mapping[str, Any] | Study) -> tuple[StudyInputs, list[str]]:
    """Return a study with its images and its network, as far as they can be loaded, and what is wrong so far.

    StudyError for a study that this host may not run.
    """
    study, problems, gaps = Parsed(raw, [], frozenset()) if isinstance(raw, Study) else parse(raw)
    if forbidden := roots.outside(study):
        raise StudyError([*problems, *forbidden])
    data, unreadable = _loaded("data", partial(models.dataset, study.data))
    if data is None:
        return StudyInputs(study, None, None, gaps), [*problems, *unreadable]
    plain, unfit = None, list[str]()
    if "network" not in gaps:
        plain, unfit = _loaded("network", partial(models.plain_source, study))
    if plain is not None and "probe" not in gaps:
        unfit += probe_checks.name_problems(study, plain) + probe_checks.read_problems(study, plain)
    # what cannot be read as asked for has its layers and epochs all the same
    source = plain if unfit or plain is None else models.source(study)
    if "data" in gaps:
        # these are not the images that were meant: the network's layers have the same names with any, and no more is asked
        data, unfit = None, []
    return StudyInputs(study, data, source, gaps), [*problems, *unfit]


def _loaded(field: str, load: Callable[[], Loaded]) -> tuple[Loaded | None, list[str]]:
    """Return what a field names, or None and the reason."""
    try:
        return load(), []
    except (ValueError, OSError) as error:
        return None, [in_field(field, sentence_of(error))]
