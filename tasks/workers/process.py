"""What a worker process is told when it starts: one thread, and when to stop or to end."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait

from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import ask_to_stop


def start_worker(stopped: Connection) -> None:
    """Make this a worker of a pool, which ends with its coordinator.

    It stops at its next safe point when the other end of ``stopped`` is closed.
    """
    leave_interrupts()
    models.one_thread()
    threading.Thread(target=_follow, args=(stopped,), daemon=True).start()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def leave_interrupts() -> None:
    """Ctrl-C reaches the whole group of processes: the coordinator alone decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def ended_if_stuck(seconds: float | None) -> Iterator[None]:
    """End this process, if it is a Dask worker, when the block takes twice as long: its scheduler goes on elsewhere.

    Prefect's own time-out comes first, but cannot interrupt a call that never returns to Python.
    """
    watched = seconds is not None and _is_dask_worker()
    if seconds is not None and watched:
        faulthandler.dump_traceback_later(2 * seconds, exit=True)
    try:
        yield
    finally:
        if watched:
            faulthandler.cancel_dump_traceback_later()


def _is_dask_worker() -> bool:
    distributed = sys.modules.get("distributed.worker")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True


def _follow(stopped: Connection) -> None:
    wait([stopped])
    ask_to_stop()


def _end_with_parent() -> None:
    """A killed coordinator leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
