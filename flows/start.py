"""The start of every run of a study: checked, locked, allocated, each once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.study_file import read_study
from spikeatlas.snn.allowed_places import expand, path_problem
from spikeatlas.snn.data import count_words
from spikeatlas.tasks.atlas import consolidate, coordinator
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.atlas.ownership import discard, leavings
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study, StudyError
from spikeatlas.tasks.workers.readers import outlive_readers
from spikeatlas.tasks.workers.stopping import ask_to_stop

log = logging.getLogger("spikeatlas")

DEFAULTS = Study()
"""The study of which nothing is said."""

StudyFile = Annotated[
    Path,
    Field(
        description="Path of a study file on the worker's machine, in place of all fields of study."
    ),
]
"""The study by the name of its file, as a deployment takes it."""
log = logging.getLogger("spikeatlas")


@contextmanager
def start(checked: Checked, *, fresh: bool = False) -> Iterator[Run]:
    """Yield the run of a checked study, allocated, while nobody else may work on its folder.

    Once its work has ended, the atlas opens with one read (``consolidate``).
    ``fresh``: what an earlier run left is discarded first.
    """
    run = checked.run
    with coordinator(run.folder, run.atlas, lost=ask_to_stop) as run_id:
        if fresh:
            remains = leavings(run, checked.source)
            discard(remains)
            log.info(f"removed {remains}")
        run = allocate(run, checked.layout, checked.data, checked.source)
        for words in (count_words(checked.data), *checked.data.notes):
            log.info(f"data: {words}")
        yield replace(run, run_id=run_id)
        consolidate(run.atlas)


@contextmanager
def start_study(study: Study, file: Path | None = None) -> Iterator[Run]:
    """Do the same of a study from Prefect's page, by its fields or by its ``file``, which nobody has checked.

    Raises StudyError with one sentence a problem, before any work.
    """
    # a command line starts before Prefect has an address
    from spikeatlas.flows.runners.dead_runs import on_record  # noqa: PLC0415

    # a worker that is killed leaves its runs alive
    outlive_readers()
    with start(check(fields(study, file))) as run, on_record(run.folder):
        yield run


def fields(study: Study, file: Path | None) -> Study | dict[str, Any]:
    """Return a study, or what its ``file`` holds, if one is named.

    Raises StudyError for fields beside a file, for a file that is not there, and for one that this host reads not.
    """
    if file is None:
        return study
    if study != DEFAULTS:
        raise StudyError(
            [
                f"file: {file}, and fields of a study beside it: give the file alone, or the fields alone"
            ]
        )
    file = expand(file)
    if problem := path_problem(file):
        raise StudyError([f"file: {problem}"])
    return read_study(file)


def run_name(what: str) -> Callable[[], str]:
    """Return the function that names a flow run: what it does, its study's file or folder, its epoch if it has one."""

    def name() -> str:
        # a command line starts before Prefect has an address
        from prefect.runtime import flow_run  # noqa: PLC0415

        parameters = flow_run.parameters
        place = parameters.get("file") or parameters["study"].output
        epoch = f" epoch={parameters['epoch']:g}" if "epoch" in parameters else ""
        return f"{what} {place}{epoch}"

    return name
