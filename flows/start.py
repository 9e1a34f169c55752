"""The start of every run of a study: checked, locked, allocated, each once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import consolidate, coordinator, remove
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers.stopping import ask_to_stop


@contextmanager
def start(checked: Checked, *, fresh: bool = False) -> Iterator[Run]:
    """Yield the run of a checked study, allocated, while nobody else may work on its folder.

    Once its work has ended, the atlas opens with one read (``consolidate``).
    ``fresh``: what an earlier run left is discarded first.
    """
    run = checked.run
    with coordinator(run.folder, run.atlas, lost=ask_to_stop) as run_id:
        if fresh:
            _discard(run)
        run = allocate(run, checked.layout, checked.data, checked.source)
        yield replace(run, run_id=run_id)
        consolidate(run.atlas)


@contextmanager
def start_study(study: Study) -> Iterator[Run]:
    """Do the same of a study from a form on Prefect's page, which nobody has checked.

    Raises StudyError with one sentence a problem, before any work.
    """
    with start(check(study)) as run:
        yield run


def _discard(run: Run) -> None:
    """Remove what a run with other values must not find; a trained generator is named by what made it."""
    remove(run.atlas)
    for name in ("checkpoints", "report"):
        shutil.rmtree(run.folder / name, ignore_errors=True)
