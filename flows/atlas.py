"""The main flow: one study in, one atlas and its report out."""

from __future__ import annotations

from prefect import flow

from flows import progress
from flows.analyze import analyze
from flows.maximize import maximize
from flows.prepared import prepared
from flows.report import report
from flows.runners import workers
from flows.study import Study
from flows.train import train
from tasks.atlas import unfinished, write


class FailedBlocks(RuntimeError):  # noqa: N818 - named for what it holds
    """Some neurons have no result: each block is named with its error."""


@flow(name="atlas", flow_run_name="atlas {study.output}")
def atlas(study: Study) -> None:
    """Make the study's atlas, or go on with it where it stopped.

    1. ``prepared``: check the study and allocate the store, under the coordinator's lock.
    2. ``train`` the generator and the network.
    3. ``maximize`` each epoch: observe, screen, and search block by block.
    4. ``analyze`` selectivity.
    5. ``report``.
    Raises FailedBlocks, after all else is done, when the search of a block failed for good.
    """
    with prepared(study) as job, workers(study.runner) as runner:
        todo = unfinished(job.atlas, [block for epoch in job.epochs for block in job.blocks(epoch)])
        progress.plan(sum(block.stop - block.start for block in todo))
        train.with_options(task_runner=runner)(job)
        failures = [
            failure
            for epoch in job.epochs
            for failure in maximize.with_options(task_runner=runner)(job, epoch)
        ]
        analyze.with_options(task_runner=runner)(job)
        write.note(job.atlas, "", {"ended": write.now()})
        report.with_options(task_runner=runner)(job.atlas, job.folder / "report")
    if failures:
        raise FailedBlocks("\n".join(failures))
