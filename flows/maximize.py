"""The flows that find, for one epoch, what every probed neuron wants to see: the fan-out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from prefect import flow

from spikeatlas.flows.runners import first_look, progress
from spikeatlas.flows.runners.dead_runs import close_below
from spikeatlas.flows.runners.task_runners import gather, settle, submit, workers
from spikeatlas.flows.start import DEFAULTS, StudyFile, run_name, start_study
from spikeatlas.flows.train import train_flow
from spikeatlas.tasks import units
from spikeatlas.tasks.atlas import (
    FAILED,
    SCREENED,
    STATUS,
    flagged,
    unfinished,
    write,
)
from spikeatlas.tasks.report.layers import mute_sentences
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study

log = logging.getLogger("spikeatlas")


@flow(name="maximize", flow_run_name="maximize epoch={epoch:g}")
def maximize_flow(run: Run, epoch: float) -> list[str]:
    """Do what is not done of one epoch; return a sentence for each block that failed.

    1. ``screen``: responses to random stimuli. (``observe`` and ``show blanks`` went before, in ``train``.)
    2. ``maximize``: one task run for each block of neurons.
    """
    if run.search.methods and not flagged(run.atlas, SCREENED, epoch):
        log.info(f"epoch {epoch:g}: screen")
        gather([submit(units.screen_task, run, epoch)])
    for sentence in mute_sentences(run.atlas, [epoch]):
        log.warning(sentence)
    blocks = unfinished(run.atlas, run.blocks(epoch))
    log.info(f"epoch {epoch:g}: maximize {len(blocks)} blocks")
    if blocks:
        first_look.show(run, epoch)
    return search_blocks(run, epoch, blocks)


@flow(
    name="maximize a study",
    flow_run_name=run_name("maximize"),
    on_crashed=[close_below],
)
def maximize_study_flow(
    study: Study = DEFAULTS, file: StudyFile | None = None, *, epoch: float
) -> None:
    """Search what the neurons of one epoch want to see; train first what is missing.

    Raises ValueError for an epoch that the study does not probe, RuntimeError for blocks that failed.
    """
    with start_study(study, file) as run:
        if epoch not in run.epochs:
            names = ", ".join(f"{probed:g}" for probed in run.epochs)
            raise ValueError(f"epoch {epoch:g} is not probed: the study's probe.epochs has {names}")
        with workers(run) as runner:
            train_flow.with_options(task_runner=runner)(run, (epoch,))
            with progress.tallied(run, unfinished(run.atlas, run.blocks(epoch))):
                failures = maximize_flow.with_options(task_runner=runner)(run, epoch)
    if failures:
        raise RuntimeError("\n".join(failures))


def search_blocks(run: Run, epoch: float, blocks: list[Block]) -> list[str]:
    """Run the blocks of one epoch; mark each that fails for good, and return a sentence for it.

    A block that takes longer than the study's ``runner.timeout`` is tried again.
    """
    failures: list[str] = []
    if not blocks:
        return failures
    write.clear_epoch(run.atlas, epoch)

    def on_end(block: Block, outcome: Any) -> None:
        failed = isinstance(outcome, BaseException)
        if failed and not isinstance(outcome, InterruptedError):
            write.mark_failed(run.atlas, block)
            failures.append(f"{name(block)}: {outcome}")
        elif not failed and outcome[STATUS[FAILED]]:
            failures.append(
                f"{name(block)}: {outcome[STATUS[FAILED]]} neurons gave no response that is a number"
            )
        progress.advance(run, block, None if failed else outcome)
        first_look.show(run, epoch)

    if run.search.pool == "epoch":
        _search_pool(run, epoch, blocks, on_end)
    else:
        task = _in_time(run, units.maximize_task)
        settle(
            [submit(task, run, *block) for block in blocks],
            lambda index, outcome: on_end(blocks[index], outcome),
        )
    return failures


def _search_pool(
    run: Run, epoch: float, blocks: list[Block], on_end: Callable[[Block, Any], None]
) -> None:
    """Run all blocks of an epoch as one task, of which ``blocks`` are not done yet."""

    def settled(_: int, outcome: Any) -> None:
        failed = isinstance(outcome, BaseException)
        # those that were stored before a failure are done
        rest = unfinished(run.atlas, blocks) if failed else blocks
        outcomes = [outcome] * len(rest) if failed else outcome
        for block, counts in zip(rest, outcomes, strict=True):
            on_end(block, counts)

    settle([submit(_in_time(run, units.maximize_epoch_task), run, epoch, blocks)], settled)


def _in_time(run: Run, task: Any) -> Any:
    """Return a task that is tried again where it takes longer than the study allows."""
    return task.with_options(timeout_seconds=run.study.runner.timeout)


def name(block: Block) -> str:
    """Return a block's name, as its task run has it."""
    return f"maximize epoch={block.epoch:g} layer={block.layer} neurons={block.start}-{block.stop}"
