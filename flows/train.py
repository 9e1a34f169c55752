"""The flows that make the generator and the network."""

from __future__ import annotations

from prefect import flow

from spikeatlas.flows.runners.dead_runs import close_below
from spikeatlas.flows.runners.task_runners import gather, submit, workers
from spikeatlas.flows.start import DEFAULTS, StudyFile, run_name, start_study
from spikeatlas.tasks import units
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study


@flow(name="train", flow_run_name="train")
def train_flow(run: Run) -> None:
    """Make what the atlas is about.

    1. ``train generator`` (after ``train classifier``, which judges it, if the study has one) and
    ``train network``, side by side, unless their files are there.
    2. ``train prior`` of the generator's codes, if it has codes, and ``assess generator``.
    3. ``record training``: the network's progress and the generator's quality go into the atlas.
    """
    network = submit(units.train_network_task, run)
    gather([submit(units.train_classifier_task, run)])
    gather([submit(units.train_generator_task, run), network])
    gather([submit(units.train_prior_task, run)])
    gather([submit(units.assess_task, run)])
    gather([submit(units.record_task, run)])


@flow(name="train a study", flow_run_name=run_name("train"), on_crashed=[close_below])
def train_study_flow(study: Study = DEFAULTS, file: StudyFile | None = None) -> None:
    """Train the generator and the network of a study, unless that is done."""
    with start_study(study, file) as run, workers(run) as runner:
        train_flow.with_options(task_runner=runner)(run)
