"""Asking work in this process to stop at the next safe point (Ctrl-C): nothing half-written, resumable."""

from __future__ import annotations

import threading

_asked = threading.Event()


def ask_to_stop() -> None:
    """Let every unit of work of this process end soon."""
    _asked.set()


def carry_on() -> None:
    """Take the request back, before a new run in the same process."""
    _asked.clear()


def stop_asked() -> bool:
    """Whether work should end."""
    return _asked.is_set()


def check_stop() -> None:
    """Raise InterruptedError when work should end."""
    if _asked.is_set():
        message = "stopped on request: run the same command again to go on"
        raise InterruptedError(message)
