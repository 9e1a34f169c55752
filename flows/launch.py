"""Running the main flow from a terminal, with a server that outlives it just long enough."""

from __future__ import annotations

import logging

import httpx

from spikeatlas.flows.runners import progress, server
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers.stopping import carry_on

log = logging.getLogger("spikeatlas")

HAND_OVER_SECONDS = 10
"""Most time that Prefect's queue of events may take; a server that is gone takes none."""


def launch(study: Study, run: Run) -> list[str]:
    """Run the atlas flow to its end, wait until all its task runs are on record; return what failed.

    Prefect is imported once its server's address is known, for it reads its settings at import.
    """
    carry_on()
    with progress.shown(), server.serving(run.folder / "prefect") as api, server.needed(api):
        log.info(f"watch it in a browser: {server.ui_address(api)}")
        from spikeatlas.flows.atlas import FailedBlocks, atlas  # noqa: PLC0415
        from spikeatlas.flows.runners.task_runners import submitted  # noqa: PLC0415

        submitted.clear()
        try:
            atlas(study)
        except FailedBlocks as error:
            failures = str(error).splitlines()
        except httpx.TransportError as error:
            raise server.ServerError(server.lost(api)) from error
        else:
            failures = []
        finally:
            hand_over()
        recorded = server.drain(api, submitted)
        log.info(f"{recorded} of {len(submitted)} task runs are on record")
    return failures


def hand_over() -> None:
    """Send the server what is queued for it, while there is one: log lines and events."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415 - after the settings

    for handler in log.handlers:
        handler.flush()
    EventsWorker.drain_all(timeout=HAND_OVER_SECONDS)
