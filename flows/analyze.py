"""The flows that measure what the searches found, and how it changes over training."""

from __future__ import annotations

import logging
from typing import Any

from prefect import flow
from prefect.artifacts import MarkdownArtifact, TableArtifact
from prefect.futures import PrefectFuture

from spikeatlas.flows.runners.dead_runs import close_below
from spikeatlas.flows.runners.run_page import artifact_key, publish
from spikeatlas.flows.runners.task_runners import gather, submit, workers
from spikeatlas.flows.start import DEFAULTS, StudyFile, run_name, start_study
from spikeatlas.tasks import units
from spikeatlas.tasks.atlas import (
    ABLATED,
    ANALYSED,
    KNOWN,
    LIVED,
    flagged,
    holds,
    open_tree,
    unfinished,
)
from spikeatlas.tasks.stages.cross import to_show
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study

log = logging.getLogger("spikeatlas")


@flow(name="analyze", flow_run_name="analyze")
def analyze_flow(run: Run) -> None:
    """Do what is not done yet of each epoch whose searches are all done.

    1. ``analyze``: selectivity. 2. ``cross``: the network of every epoch sees the MEIs of every other,
    ``ablate``: each neuron is silenced in turn, and ``judge life``: what drives silent ones. 3. ``know``: whether any image
    drives a neuron more than its MEI.
    4. ``conclude``: what changed over training.
    """
    searched = [epoch for epoch in run.epochs if not unfinished(run.atlas, run.blocks(epoch))]
    pending = [epoch for epoch in searched if not flagged(run.atlas, ANALYSED, epoch)]
    run_epochs(units.analyze_task, run, pending)
    for epoch in pending:
        show_epoch(run, epoch)
    gather([*crossings(run), *ablations(run), *lives(run)])
    if run.search.methods:
        pending = [epoch for epoch in searched if not flagged(run.atlas, KNOWN, epoch)]
        run_epochs(units.know_task, run, pending)
    log.info("conclude")
    for claim in submit(units.conclude_task, run).result():
        log.info(f"{claim.statement} {claim.answer}")


@flow(name="analyze a study", flow_run_name=run_name("analyze"), on_crashed=[close_below])
def analyze_study_flow(study: Study = DEFAULTS, file: StudyFile | None = None) -> None:
    """Measure what the searches of a study have found so far, and how it changes over training."""
    with start_study(study, file) as run, workers(run) as runner:
        analyze_flow.with_options(task_runner=runner)(run)


def ablations(run: Run) -> list[PrefectFuture[Any]]:
    """Submit the ablation of each epoch that is to have one and has none."""
    ablated = [epoch for epoch in run.epochs if epoch in run.analysis.ablation]
    pending = [epoch for epoch in ablated if not flagged(run.atlas, ABLATED, epoch)]
    return submit_epochs(units.ablate_task, run, pending)


def lives(run: Run) -> list[PrefectFuture[Any]]:
    """Submit the verdict on the neurons of each epoch that is to have one and has none."""
    epochs = run.epochs if run.analysis.life else ()
    pending = [epoch for epoch in epochs if not flagged(run.atlas, LIVED, epoch)]
    return submit_epochs(units.judge_life_task, run, pending)


def crossings(run: Run) -> list[PrefectFuture[Any]]:
    """Submit the cross-responses of each epoch that lacks some."""
    if not holds(run.atlas, "cross"):
        return []
    pending = [epoch for epoch in run.epochs if to_show(run, epoch)]
    return submit_epochs(units.cross_task, run, pending)


def run_epochs(task: Any, run: Run, epochs: list[float]) -> None:
    """Run a task once for each epoch, and wait for all."""
    gather(submit_epochs(task, run, epochs))


def submit_epochs(task: Any, run: Run, epochs: list[float]) -> list[PrefectFuture[Any]]:
    """Submit a task once for each epoch."""
    log.info(f"{task.name} {len(epochs)} epochs")
    return [submit(task, run, epoch) for epoch in epochs]


def show_epoch(run: Run, epoch: float) -> None:
    """Show a table of an epoch on the run's page, and a picture of what was found at it."""
    # the pages draw: a second to import, which a run that a worker starts does not wait for
    from spikeatlas.tasks.report.artifacts import epoch_table  # noqa: PLC0415
    from spikeatlas.tasks.report.layers.epoch_picture import PICTURES, epoch_picture  # noqa: PLC0415

    name = f"epoch-{epoch:g}"
    with open_tree(run.atlas) as tree:
        table = epoch_table(tree, epoch)
        picture = epoch_picture(tree, epoch) if run.search.methods else None
    key = artifact_key(run.atlas, name, "layers")
    publish(TableArtifact(table=table, key=key, description=f"Layers at epoch {epoch:g}"))
    if picture is None:
        return
    meaning = (
        f"MEIs of the {PICTURES} most driven neurons of each layer at epoch {epoch:g}, "
        "each with the neuron's number and its response"
    )
    key = artifact_key(run.atlas, name, "meis")
    text = f"{meaning}\n\n![{meaning}]({picture})"
    publish(MarkdownArtifact(markdown=text, key=key, description=meaning))
