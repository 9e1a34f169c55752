"""What a worker process is told when it starts: one thread, and when to stop or to end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from multiprocessing.synchronize import Event

from tasks import loading
from tasks.stopping import ask_to_stop


def start_worker(stop: Event) -> None:
    """Make this a worker of a pool: it stops at its next safe point on ``stop``, and ends with its coordinator."""
    leave_interrupts()
    loading.one_thread()
    threading.Thread(target=_follow, args=(stop,), daemon=True).start()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def leave_interrupts() -> None:
    """Ctrl-C reaches the whole group of processes: the coordinator alone decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _follow(stop: Event) -> None:
    stop.wait()
    ask_to_stop()


def _end_with_parent() -> None:
    """A killed coordinator leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
