"""The flow that makes the generator and the network."""

from __future__ import annotations

from prefect import flow

from flows.runners import gather, submit
from tasks import units
from tasks.job import Job


@flow(name="train", flow_run_name="train")
def train(job: Job) -> None:
    """Make what the atlas is about.

    1. ``train generator`` (after ``train classifier``, which judges it, if the study has one) and
    ``train network``, side by side, unless their files are there.
    2. ``train prior`` of the generator's codes, if it has codes, and ``assess generator``.
    3. ``record training``: the network's progress and the generator's quality go into the atlas.
    """
    network = submit(units.train_network, job)
    gather([submit(units.train_classifier, job)])
    gather([submit(units.train_generator, job), network])
    gather([submit(units.train_prior, job)])
    gather([submit(units.assess, job)])
    gather([submit(units.record, job)])
