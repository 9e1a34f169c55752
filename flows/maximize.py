"""The flow that finds, for one epoch, what every probed neuron wants to see: the fan-out."""

from __future__ import annotations

import logging
from typing import Any

from prefect import flow

from spikeatlas.flows.runners import tally
from spikeatlas.flows.runners.task_runners import gather, settle, submit
from spikeatlas.tasks import units
from spikeatlas.tasks.atlas import FAILED, STATUS, flagged, unfinished, write
from spikeatlas.tasks.study.run import Block, Run

log = logging.getLogger("spikeatlas")


@flow(name="maximize", flow_run_name="maximize epoch={epoch:g}")
def maximize(run: Run, epoch: float, timeout: float | None) -> list[str]:
    """Do what is not done of one epoch; return a sentence for each block that failed.

    1. ``observe``: responses to the test images, and 2. ``screen``: to random stimuli.
    3. ``maximize``: one task run for each block of neurons.
    """
    log.info(f"epoch {epoch:g}: observe, screen")
    stages = {"observed": units.observe, "screened": units.screen}
    gather(
        [
            submit(unit, run, epoch)
            for flag, unit in stages.items()
            if not flagged(run.atlas, flag, epoch)
        ]
    )
    blocks = unfinished(run.atlas, run.blocks(epoch))
    log.info(f"epoch {epoch:g}: maximize {len(blocks)} blocks")
    return search(run, epoch, blocks, timeout)


def search(run: Run, epoch: float, blocks: list[Block], timeout: float | None) -> list[str]:
    """Run the blocks of one epoch, each for at most ``timeout`` seconds at a time; mark each that fails for good, and say so."""
    failures: list[str] = []
    if not blocks:
        return failures
    write.clear_epoch(run.atlas, epoch)

    def on_end(place: int, outcome: Any) -> None:
        block = blocks[place]
        failed = isinstance(outcome, BaseException)
        if failed and not isinstance(outcome, InterruptedError):
            write.mark_failed(run.atlas, block)
            failures.append(f"{name(block)}: {outcome}")
        elif not failed and outcome[STATUS[FAILED]]:
            failures.append(
                f"{name(block)}: {outcome[STATUS[FAILED]]} neurons gave no response that is a number"
            )
        tally.advance(block.stop - block.start, None if failed else outcome)

    unit = units.maximize.with_options(timeout_seconds=timeout)
    settle([submit(unit, run, *block) for block in blocks], on_end)
    return failures


def name(block: Block) -> str:
    """A block as its task run is called."""
    return f"maximize epoch={block.epoch:g} layer={block.layer} neurons={block.start}-{block.stop}"
