"""Ctrl-C and SIGTERM: tasks at work end at their next safe point."""

from __future__ import annotations

import signal
from types import FrameType

from spikeatlas.tasks.workers.stopping import ask_to_stop


def stop_tidily() -> None:
    """On Ctrl-C or SIGTERM let running tasks end at their next safe point; a second one is not waited for."""

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        ask_to_stop()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, on_interrupt)
    signal.signal(signal.SIGTERM, on_interrupt)
