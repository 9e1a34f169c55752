"""The flow that makes the generator and the network."""

from __future__ import annotations

from prefect import flow

from flows.runners import gather, submit
from tasks import units
from tasks.job import Job


@flow(name="train", flow_run_name="train")
def train(job: Job) -> None:
    """Make what the atlas is about.

    1. ``train generator`` and 2. ``train network``, side by side, unless their files are there.
    3. ``record training``: the network's progress goes into the atlas.
    """
    gather([submit(units.train_generator, job), submit(units.train_network, job)])
    gather([submit(units.record, job)])
