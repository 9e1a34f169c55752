"""Ctrl-C and SIGTERM: tasks at work end at their next safe point."""

from __future__ import annotations

import os
import signal
from types import FrameType

from spikeatlas.tasks.workers.stopping import ask_to_stop, stop_asked

INTERRUPTED = 130
"""Exit code of a command that was interrupted."""


def stop_tidily() -> None:
    """On Ctrl-C or SIGTERM let running tasks end at their next safe point; a second one ends this process at once.

    That loses no more than being killed does: the processes of a run end with it, and what is done is on disk.
    """

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if stop_asked():
            os._exit(INTERRUPTED)
        ask_to_stop()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, on_interrupt)
    signal.signal(signal.SIGTERM, on_interrupt)
