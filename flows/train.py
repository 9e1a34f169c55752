"""The flows that make the generator and the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prefect import flow
from prefect.futures import PrefectFuture

from spikeatlas.flows.runners.dead_runs import close_below
from spikeatlas.flows.runners.task_runners import gather, submit, workers
from spikeatlas.flows.start import DEFAULTS, StudyFile, run_name, start_study
from spikeatlas.tasks import units
from spikeatlas.tasks.atlas import BLANKED, OBSERVED, flagged
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study


@flow(name="train", flow_run_name="train")
def train_flow(run: Run, epochs: tuple[float, ...] = ()) -> None:
    """Make what the atlas is about.

    1. ``train generator`` (after ``train classifier``, which judges it, if the study has one) and
    ``train network``, side by side, unless their files are there.
    2. ``record network``: its progress goes into the atlas; and ``observe`` and ``show blanks`` of ``epochs``, which
    need no generator, while that may still be learning.
    3. ``train prior`` of the generator's codes, if it has codes, ``assess generator``, and ``record generator``.
    """
    network = submit(units.train_network_task, run)
    gather([submit(units.train_classifier_task, run)])
    generator = submit(units.train_generator_task, run)
    gather([network])
    gather([submit(units.record_network_task, run)])
    answers = observations(run, epochs)
    gather([generator])
    gather([submit(units.train_prior_task, run)])
    gather([submit(units.assess_task, run)])
    gather([submit(units.record_generator_task, run), *answers])


def observations(run: Run, epochs: Iterable[float]) -> list[PrefectFuture[Any]]:
    """Submit what shows the networks of some epochs images that are there without a search, where that is not done."""
    tasks = {OBSERVED: units.observe_task, BLANKED: units.blank_task}
    return [
        submit(task, run, epoch)
        for epoch in epochs
        for mark, task in tasks.items()
        if not flagged(run.atlas, mark, epoch)
    ]


@flow(name="train a study", flow_run_name=run_name("train"), on_crashed=[close_below])
def train_study_flow(study: Study = DEFAULTS, file: StudyFile | None = None) -> None:
    """Train the generator and the network of a study, unless that is done."""
    with start_study(study, file) as run, workers(run) as runner:
        train_flow.with_options(task_runner=runner)(run)
