"""The flow that measures what the searches found, and how it changes over training."""

from __future__ import annotations

import logging
from typing import Any

from prefect import flow
from prefect.artifacts import create_image_artifact, create_table_artifact

from spikeatlas.flows.runners.task_runners import gather, submit
from spikeatlas.tasks import units
from spikeatlas.tasks.atlas import flagged, holds, open_tree, unfinished
from spikeatlas.tasks.report.artifacts import epoch_picture, epoch_table
from spikeatlas.tasks.stages.cross import to_show
from spikeatlas.tasks.study.run import Run

log = logging.getLogger("spikeatlas")


@flow(name="analyze", flow_run_name="analyze")
def analyze(run: Run) -> None:
    """Do what is not done yet of each epoch whose searches are all done.

    1. ``analyze``: selectivity. 2. ``cross``: the network of every epoch sees the MEIs of every other.
    3. ``ablate``: each neuron is silenced in turn. 4. ``conclude``: what changed over training.
    """
    searched = [epoch for epoch in run.epochs if not unfinished(run.atlas, run.blocks(epoch))]
    todo = [epoch for epoch in searched if not flagged(run.atlas, "analysed", epoch)]
    stage(units.analyze, run, todo)
    for epoch in todo:
        show(run, epoch)
    if holds(run.atlas, "cross"):
        stage(units.cross, run, [epoch for epoch in run.epochs if to_show(run, epoch)])
    wanted = [epoch for epoch in run.epochs if epoch in run.analysis.ablation]
    stage(units.ablate, run, [e for e in wanted if not flagged(run.atlas, "ablation/ablated", e)])
    log.info("conclude")
    for claim in submit(units.conclude, run).result():
        log.info(f"{claim.statement} {claim.answer}")


def stage(unit: Any, run: Run, epochs: list[float]) -> None:
    """One task run for each epoch, and wait for all."""
    log.info(f"{unit.name} {len(epochs)} epochs")
    gather([submit(unit, run, epoch) for epoch in epochs])


def show(run: Run, epoch: float) -> None:
    """A table and a picture of an epoch on the run's page."""
    name = f"epoch-{epoch:g}".replace(".", "-")
    with open_tree(run.atlas) as tree:
        table, picture = epoch_table(tree, epoch), epoch_picture(tree, epoch)
    create_table_artifact(table, key=f"{name}-layers", description=f"Layers at epoch {epoch:g}")
    create_image_artifact(
        picture,
        key=f"{name}-meis",
        description=f"MEIs of the most driven neurons of each layer at epoch {epoch:g}",
    )
