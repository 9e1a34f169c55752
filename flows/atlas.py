"""The main flow: one study in, one atlas and its report out."""

from __future__ import annotations

from prefect import flow

from spikeatlas.flows.analyze import analyze
from spikeatlas.flows.maximize import maximize
from spikeatlas.flows.report import report
from spikeatlas.flows.runners.tags import tag_run
from spikeatlas.flows.runners.tally import tallied
from spikeatlas.flows.runners.task_runners import quiet_subflows, workers
from spikeatlas.flows.start import prepared
from spikeatlas.flows.train import train
from spikeatlas.tasks.atlas import unfinished, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.specs import RunnerSpec
from spikeatlas.tasks.study.study import Study


class FailedBlocks(RuntimeError):  # noqa: N818 - named for what it holds
    """Some neurons have no result: each block is named with its error."""


@flow(name="atlas", flow_run_name="atlas {study.output}")
def atlas(study: Study) -> None:
    """Make the study's atlas, or go on with it where it stopped.

    Checked and allocated first; then as ``complete``.
    """
    with prepared(study) as run:
        complete(run, study.runner)


def complete(run: Run, spec: RunnerSpec) -> None:
    """Do all that is not done of an atlas that is allocated.

    1. ``train`` the generator and the network. 2. ``maximize`` each epoch: observe, screen, and search block
    by block. 3. ``analyze`` selectivity. 4. ``report``.
    Raises FailedBlocks, after all else is done, when the search of a block failed for good.
    """
    tag_run(run)
    write.note(run.atlas, "", {"ended": ""})
    with workers(spec) as runner, quiet_subflows():
        todo = unfinished(run.atlas, [block for epoch in run.epochs for block in run.blocks(epoch)])
        with tallied(sum(block.stop - block.start for block in todo)):
            train.with_options(task_runner=runner)(run)
            search = maximize.with_options(task_runner=runner)
            failures = [
                failure for epoch in run.epochs for failure in search(run, epoch, spec.timeout)
            ]
        analyze.with_options(task_runner=runner)(run)
        report.with_options(task_runner=runner)(str(run.atlas), run.folder / "report")
        write.note(run.atlas, "", {"ended": write.now()})
    if failures:
        raise FailedBlocks("\n".join(failures))
