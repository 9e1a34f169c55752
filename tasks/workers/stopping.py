"""Stopping the work of this process at its next safe point (Ctrl-C): nothing half-written, resumable."""

from __future__ import annotations

import threading

_request = threading.Event()


def ask_to_stop() -> None:
    """Let every unit of work of this process end soon."""
    _request.set()


def carry_on() -> None:
    """Take the request back, before a new run in the same process."""
    _request.clear()


def stop_asked() -> bool:
    """Return True when work should end."""
    return _request.is_set()


def check_stop() -> None:
    """Raise InterruptedError when work should end."""
    if _request.is_set():
        message = "stopped on request: run the same command again to go on"
        raise InterruptedError(message)
