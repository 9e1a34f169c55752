"""The main flow: one study in, one atlas and its report out."""

from __future__ import annotations

import logging

from prefect import flow

from spikeatlas.flows.analyze import analyze_flow
from spikeatlas.flows.maximize import maximize_flow
from spikeatlas.flows.report import report_flow
from spikeatlas.flows.runners import first_look
from spikeatlas.flows.runners.dead_runs import close_below, on_record
from spikeatlas.flows.runners.progress import tallied
from spikeatlas.flows.runners.run_page import absolute, one_page
from spikeatlas.flows.runners.tags import tag_run
from spikeatlas.flows.runners.task_runners import quiet_subflows, workers
from spikeatlas.flows.start import DEFAULTS, StudyFile, run_name, start_study
from spikeatlas.flows.train import train_flow
from spikeatlas.tasks.atlas import consolidate, unfinished, write
from spikeatlas.tasks.report.layers import mute_sentences
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study

log = logging.getLogger("spikeatlas")


class FailedBlocks(RuntimeError):  # noqa: N818 - named for what it holds
    """Some neurons have no result: each block is named with its error."""


@flow(name="atlas", flow_run_name="atlas {run.folder}")
def atlas_flow(run: Run) -> None:
    """Do all that is not done of an atlas that is allocated, as ``complete``."""
    with on_record(run.folder):
        complete(run)


@flow(name="atlas", flow_run_name=run_name("atlas"), on_crashed=[close_below])
def atlas_study_flow(study: Study = DEFAULTS, file: StudyFile | None = None) -> None:
    """Make the study's atlas, or go on with it where it stopped.

    Checked and allocated first; then as ``complete``.
    """
    with start_study(study, file) as run:
        complete(run)


def complete(run: Run) -> None:
    """Do all that is not done of an atlas that is allocated.

    1. ``train`` the generator and the network, and observe its epochs. 2. ``maximize`` each epoch: screen, and search
    block by block. 3. ``analyze`` selectivity. 4. ``report``.
    Raises FailedBlocks, after all else is done, when the search of a block failed for good.
    """
    tag_run(run)
    write.note(run.atlas, "", {"ended": "", "reported": ""})
    with workers(run) as runner, quiet_subflows(), one_page(), first_look.opened(run):
        blocks = unfinished(
            run.atlas, [block for epoch in run.epochs for block in run.blocks(epoch)]
        )
        with tallied(run, blocks):
            train_flow.with_options(task_runner=runner)(run, run.epochs)
            maximize = maximize_flow.with_options(task_runner=runner)
            failures = [failure for epoch in run.epochs for failure in maximize(run, epoch)]
        analyze_flow.with_options(task_runner=runner)(run)
        write.note(run.atlas, "", {"ended": write.now()})
        page = report_flow.with_options(task_runner=runner)(str(run.atlas), run.folder / "report")
        write.note(run.atlas, "", {"reported": write.now()})
        for sentence in mute_sentences(run.atlas):
            log.warning(sentence)
    log.info(f"atlas: {absolute(run.atlas)}, report: {page.absolute()}")
    if failures:
        consolidate(run.atlas)
        raise FailedBlocks("\n".join(failures))
