"""Output that nobody reads any more: a run whose Prefect worker was killed goes on without it."""

from __future__ import annotations

import os

from rich.console import Console


def outlive_readers() -> None:
    """Let log lines be lost in this process, and nothing else, when their reader is gone.

    Prefect's log lines go through rich, which ends the thread that writes one then: the run would wait for that
    thread for ever.
    """
    Console.on_broken_pipe = _fall_silent  # type: ignore[method-assign, assignment]  # made to be replaced


def _fall_silent(console: Console) -> None:
    console.quiet = True
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
