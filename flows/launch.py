"""Running the main flow from a terminal, with a server that outlives it just long enough."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial

import httpx

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.runners import health, progress, server
from spikeatlas.flows.runners.failures import working
from spikeatlas.flows.start import start
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers.stopping import carry_on

log = logging.getLogger("spikeatlas")

HAND_OVER_SECONDS = 10
"""Most time that Prefect's queue of events may take; a server that is gone takes none."""


def launch(checked: Checked, *, fresh: bool = False) -> list[str]:
    """Run the atlas flow of a study to its end, and return what failed.

    ``fresh``: discard what an earlier run left.
    """
    carry_on()
    with (
        progress.in_terminal(),
        start(checked, fresh=fresh) as run,
        ExitStack() as ahead,
        server.serving(run.folder / "prefect", partial(_start_ahead, run, ahead)) as api,
        health.needed(api),
    ):
        log.info(f"watch it in a browser: {server.ui_address(api)}")
        return _run_flow(run, api)


def _start_ahead(run: Run, ahead: ExitStack) -> None:
    """Import what the flow needs, and start its processes, while the server starts: each takes seconds."""
    from spikeatlas.flows import atlas  # noqa: F401, PLC0415 - after the settings
    from spikeatlas.flows.runners.task_runners import early_processes  # noqa: PLC0415

    ahead.enter_context(early_processes(run))


def _run_flow(run: Run, api: str) -> list[str]:
    """Run the flow, and wait until all its task runs are on record.

    Prefect is imported once its server's address is known, for it reads its settings at import.
    """
    from spikeatlas.flows.atlas import FailedBlocks, atlas_flow  # noqa: PLC0415
    from spikeatlas.flows.runners.task_runners import submissions  # noqa: PLC0415

    with submissions() as task_runs:
        try:
            with working():
                atlas_flow(run)
        except FailedBlocks as error:
            failures = str(error).splitlines()
        except httpx.TransportError as error:
            raise health.ServerError(health.lost(api)) from error
        else:
            failures = []
        finally:
            hand_over()
    log.info(recorded_line(server.drain(api, task_runs), len(task_runs)))
    return failures


def recorded_line(recorded: server.Recorded, total: int) -> str:
    """Say how many task runs the server knows the end of, and how many of these failed."""
    failed = f", {recorded.failed} of them as failed" if recorded.failed else ""
    return f"{recorded.ended} of {total} task runs are on record{failed}"


def hand_over() -> None:
    """Send the server what is queued for it, while there is one: log lines and events."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415 - after the settings

    for handler in log.handlers:
        handler.flush()
    EventsWorker.drain_all(timeout=HAND_OVER_SECONDS)
