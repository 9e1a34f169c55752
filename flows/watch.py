"""The scheduled flow that follows a training: whatever checkpoint is new in a folder is probed, once."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import flow

from spikeatlas.flows.atlas import complete
from spikeatlas.flows.checks.roots import require_within
from spikeatlas.flows.runners.dead_runs import close_below
from spikeatlas.flows.start import DEFAULTS, StudyFile, fields, run_name, start_study
from spikeatlas.flows.study_file import parse
from spikeatlas.tasks.atlas import BusyError, finished
from spikeatlas.tasks.study.study import Study, StudyError
from spikeatlas.tasks.workers import models

log = logging.getLogger("spikeatlas")


@flow(name="watch", flow_run_name=run_name("watch"), on_crashed=[close_below])
def watch_study_flow(study: Study = DEFAULTS, file: StudyFile | None = None) -> None:
    """Probe the checkpoints that have come into ``network.checkpoints`` since the last turn, and update the report.

    A turn that finds nothing new, or another run at work on the atlas, ends at once. Checkpoints that cannot
    be read yet are left for the next turn. Raises StudyError for what must not be: no folder, a known
    checkpoint that has changed, checkpoints that do not fit the network or each other.
    """
    watched = parsed(study, file)
    readable = with_readable_epochs(watched)
    if readable is None:
        log.info(f"no checkpoint in {models.source(watched).place} yet")
        return
    try:
        with start_study(readable) as run:
            if finished(run.atlas, run.epochs):
                log.info(f"nothing new in {models.source(watched).place}")
            else:
                complete(run)
    except BusyError as error:
        log.info(f"this turn is left to another run: {error}")


def parsed(study: Study, file: Path | None) -> Study:
    """Return the study, or that of its ``file``. Raises StudyError with each mistake of form."""
    raw = fields(study, file)
    if isinstance(raw, Study):
        return raw
    model, problems, _ = parse(raw)
    if problems:
        raise StudyError(problems)
    return model


def with_readable_epochs(study: Study) -> Study | None:
    """Return the study of those of its checkpoints that are there and can be read; None if there is none."""
    require_within(study)
    source = None if study.network.trained_here else models.source(study)
    if source is None or (source.folder is not None and not source.folder.is_dir()):
        folder = None if source is None else source.folder
        message = (
            f"network.checkpoints: there is no folder {folder} to watch; give the one into which the training "
            "writes epoch-*.safetensors"
        )
        raise StudyError([message])
    unreadable = source.unreadable()
    for reason in unreadable.values():
        log.info(f"left for the next turn: {reason}")
    probe = study.probe.epochs
    epochs = [
        epoch
        for epoch in source.epochs()
        if epoch not in unreadable and (probe == "all" or epoch in probe)
    ]
    return study.with_epochs(epochs) if epochs else None
