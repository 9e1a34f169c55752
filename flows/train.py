"""The flow that makes the generator and the network."""

from __future__ import annotations

from prefect import flow

from flows.runners import gather, submit
from tasks import units
from tasks.atlas import flagged
from tasks.job import Job


@flow(name="train", flow_run_name="train")
def train(job: Job) -> None:
    """Make what the atlas is about.

    1. ``train generator`` and 2. ``train network``, side by side, unless their files are there.
    3. ``record training``: the network's progress goes into the atlas.
    """
    makers = []
    if not job.generator_file.exists():
        makers.append(submit(units.train_generator, job))
    if not all(flagged(job.atlas, "trained", epoch) for epoch in job.epochs):
        makers.append(submit(units.train_network, job))
    gather(makers)
    gather([submit(units.record, job)])
