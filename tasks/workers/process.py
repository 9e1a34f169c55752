"""Worker processes: one thread each, stopped at a safe point, ended with their coordinator."""

from __future__ import annotations

import faulthandler
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait

import torch

from spikeatlas.tasks.workers.readers import outlive_readers
from spikeatlas.tasks.workers.showings import Counts, use_counts
from spikeatlas.tasks.workers.stopping import ask_to_stop

HEAP = {"MALLOC_MMAP_THRESHOLD_": 2**25, "MALLOC_TRIM_THRESHOLD_": 2**33}
"""Variables of glibc and their bytes: larger arrays are mapped one by one, and free memory beyond is given back."""
CLOCK = "%H:%M:%S"
"""Time of a line in the terminal."""


def one_thread() -> None:
    """Let torch use one thread in this process: values then do not depend on the machine's load or cores."""
    torch.set_num_threads(1)


@contextmanager
def worker_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of processes; when the block is left by an error, those at work stop at their next image."""
    # none takes a module of the working folder for one of Python's: a user's types.py, queue.py
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    # memory that a step frees is used by the next: asking the system anew is a fifth of a training step
    for name, size in HEAP.items():
        os.environ.setdefault(name, str(size))
    context = multiprocessing.get_context("spawn")
    stopped, stop = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        count, mp_context=context, initializer=start_worker, initargs=(stopped,)
    )
    try:
        yield pool
    except BaseException:
        stop.close()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def start_worker(
    stopped: Connection, counts: Counts | None = None, *, in_terminal: bool = False
) -> None:
    """Make this a worker of a pool, which ends with its coordinator.

    It stops at its next safe point when the other end of ``stopped`` is closed. ``counts``: of the pool's images;
    ``in_terminal``: its log lines stand beside its coordinator's.
    """
    if counts is not None:
        use_counts(counts)
    if in_terminal:
        write_lines()
    leave_interrupts()
    outlive_readers()
    one_thread()
    threading.Thread(target=_follow, args=(stopped,), daemon=True).start()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def write_lines() -> None:
    """Write this process's log lines on standard error, as its coordinator does."""
    handler = logging.StreamHandler(sys.stderr)
    # a bar that its coordinator draws there stands in the way, and is drawn again below
    clear = "\r\x1b[2K" if sys.stderr.isatty() else ""
    handler.setFormatter(logging.Formatter(f"{clear}%(asctime)s %(message)s", CLOCK))
    logging.getLogger("spikeatlas").addHandler(handler)


def leave_interrupts() -> None:
    """Ignore Ctrl-C, which reaches the whole group of processes: the coordinator alone decides."""
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
    """End with the coordinator: a killed one leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
