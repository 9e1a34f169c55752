"""The flow that measures selectivity."""

from __future__ import annotations

import logging

from prefect import flow

from flows.runners import gather, submit
from tasks import units
from tasks.atlas import flagged, unfinished
from tasks.job import Job

log = logging.getLogger("spikeatlas")


@flow(name="analyze", flow_run_name="analyze")
def analyze(job: Job) -> None:
    """``analyze`` each epoch whose searches are all done and that has not been analysed since."""
    ready = [
        epoch
        for epoch in job.epochs
        if not unfinished(job.atlas, job.blocks(epoch))
        and not flagged(job.atlas, "analysed", epoch)
    ]
    log.info(f"analyze {len(ready)} epochs")
    gather([submit(units.analyze, job, epoch) for epoch in ready])
