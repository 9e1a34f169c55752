"""Running the main flow from a terminal, with a server that outlives it just long enough."""

from __future__ import annotations

import logging

from flows import progress, server
from flows.study import Study
from tasks.job import Job
from tasks.stopping import carry_on

log = logging.getLogger("spikeatlas")


def launch(study: Study, job: Job) -> list[str]:
    """Run the atlas flow to its end, wait until all its task runs are on record; return what failed.

    Prefect is imported once its server's address is known, for it reads its settings at import.
    """
    carry_on()
    with progress.shown(), server.serving(job.folder / "prefect") as api:
        log.info(f"watch it in a browser: {server.ui_address(api)}")
        from flows.atlas import FailedBlocks, atlas  # noqa: PLC0415
        from flows.runners import submitted  # noqa: PLC0415

        submitted.clear()
        failures = []
        try:
            atlas(study)
        except FailedBlocks as error:
            failures = str(error).splitlines()
        recorded = server.drain(api, submitted)
        log.info(f"{recorded} of {len(submitted)} task runs are on record")
        for handler in log.handlers:
            handler.flush()  # a line still on its way to the API would find no server
    return failures
