"""Worker processes: one thread each, ended with their coordinator, stopped at a safe point."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.synchronize import Event

from tasks import loading
from tasks.stopping import ask_to_stop


@contextmanager
def worker_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes; when the block is left by an error, those at work stop at their next image."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=(stop,))
    try:
        yield pool
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start(stop: Event) -> None:
    # Ctrl-C reaches the whole group of processes: the coordinator alone decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    loading.one_thread()
    threading.Thread(target=_follow, args=(stop,), daemon=True).start()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _follow(stop: Event) -> None:
    stop.wait()
    ask_to_stop()


def _end_with_parent() -> None:
    """A killed coordinator leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
