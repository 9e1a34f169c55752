"""The main flow: one study in, one atlas and its report out."""

from __future__ import annotations

from prefect import flow

from flows.analyze import analyze
from flows.maximize import maximize
from flows.prepared import prepared
from flows.report import report
from flows.runners import quiet_subflows, workers
from flows.study import RunnerSpec, Study
from flows.tagging import tag_run
from flows.tally import tallied
from flows.train import train
from tasks.atlas import unfinished, write
from tasks.job import Job


class FailedBlocks(RuntimeError):  # noqa: N818 - named for what it holds
    """Some neurons have no result: each block is named with its error."""


@flow(name="atlas", flow_run_name="atlas {study.output}")
def atlas(study: Study) -> None:
    """Make the study's atlas, or go on with it where it stopped.

    Checked and allocated first; then as ``complete``.
    """
    with prepared(study) as job:
        complete(job, study.runner)


def complete(job: Job, spec: RunnerSpec) -> None:
    """Do all that is not done of an atlas that is allocated.

    1. ``train`` the generator and the network. 2. ``maximize`` each epoch: observe, screen, and search block
    by block. 3. ``analyze`` selectivity. 4. ``report``.
    Raises FailedBlocks, after all else is done, when the search of a block failed for good.
    """
    tag_run(job)
    write.note(job.atlas, "", {"ended": ""})
    with workers(spec) as runner, quiet_subflows():
        todo = unfinished(job.atlas, [block for epoch in job.epochs for block in job.blocks(epoch)])
        with tallied(sum(block.stop - block.start for block in todo)):
            train.with_options(task_runner=runner)(job)
            search = maximize.with_options(task_runner=runner)
            failures = [
                failure for epoch in job.epochs for failure in search(job, epoch, spec.timeout)
            ]
        analyze.with_options(task_runner=runner)(job)
        report.with_options(task_runner=runner)(str(job.atlas), job.folder / "report")
        write.note(job.atlas, "", {"ended": write.now()})
    if failures:
        raise FailedBlocks("\n".join(failures))
