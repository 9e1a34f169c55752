"""What every flow that takes a study does first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.flows.prepare import allocate
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers.stopping import ask_to_stop


@contextmanager
def prepared(study: Study) -> Iterator[Run]:
    """The run of a study that is checked and allocated, while nobody else may work on its folder.

    Raises StudyError with one sentence a problem, before any work.
    """
    run = check(study.model_dump(mode="json")).run
    with coordinator(run.folder, run.atlas, lost=ask_to_stop) as run_id:
        yield replace(allocate(study, run), run_id=run_id)
