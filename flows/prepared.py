"""What every flow that takes a study does first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flows.checks import check
from flows.prepare import allocate
from flows.study import Study
from tasks.atlas import coordinator
from tasks.job import Job


@contextmanager
def prepared(study: Study) -> Iterator[Job]:
    """The job of a study that is checked and allocated, while nobody else may work on its folder.

    Raises StudyError with one sentence a problem, before any work.
    """
    job = check(study.model_dump(mode="json")).job
    with coordinator(job.folder, job.atlas) as run:
        yield replace(allocate(study, job), run=run)
