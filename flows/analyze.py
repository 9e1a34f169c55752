"""The flow that measures what the searches found, and how it changes over training."""

from __future__ import annotations

import logging
from typing import Any

from prefect import flow
from prefect.artifacts import create_image_artifact, create_table_artifact

from flows.runners import gather, submit
from tasks import units
from tasks.atlas import flagged, open_tree, read, unfinished
from tasks.cross import to_show
from tasks.job import Job
from tasks.report.artifacts import epoch_picture, epoch_table

log = logging.getLogger("spikeatlas")


@flow(name="analyze", flow_run_name="analyze")
def analyze(job: Job) -> None:
    """Do what is not done yet of each epoch whose searches are all done.

    1. ``analyze``: selectivity. 2. ``cross``: the network of every epoch sees the MEIs of every other.
    3. ``ablate``: each neuron is silenced in turn. 4. ``conclude``: what changed over training.
    """
    searched = [epoch for epoch in job.epochs if not unfinished(job.atlas, job.blocks(epoch))]
    todo = [epoch for epoch in searched if not flagged(job.atlas, "analysed", epoch)]
    stage(units.analyze, job, todo)
    for epoch in todo:
        show(job, epoch)
    if read.compares_epochs(job.atlas):
        stage(units.cross, job, [epoch for epoch in job.epochs if to_show(job, epoch)])
    wanted = [epoch for epoch in job.epochs if epoch in job.analysis.ablation]
    stage(units.ablate, job, [e for e in wanted if not flagged(job.atlas, "ablation/ablated", e)])
    log.info("conclude")
    for claim in submit(units.conclude, job).result():
        log.info(f"{claim.statement} {claim.answer}")


def stage(unit: Any, job: Job, epochs: list[float]) -> None:
    """One task run for each epoch, and wait for all."""
    log.info(f"{unit.name} {len(epochs)} epochs")
    gather([submit(unit, job, epoch) for epoch in epochs])


def show(job: Job, epoch: float) -> None:
    """A table and a picture of an epoch on the run's page."""
    name = f"epoch-{epoch:g}".replace(".", "-")
    with open_tree(job.atlas) as tree:
        table, picture = epoch_table(tree, epoch), epoch_picture(tree, epoch)
    create_table_artifact(table, key=f"{name}-layers", description=f"Layers at epoch {epoch:g}")
    create_image_artifact(
        picture,
        key=f"{name}-meis",
        description=f"MEIs of the most driven neurons of each layer at epoch {epoch:g}",
    )
