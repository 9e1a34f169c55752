"""Who may write: one coordinator of a folder, and the units of work of its run alone.

Two files, locked with flock, which the kernel takes back from a process that ends, however it ends:

- ``.lock`` is the coordinator's as long as its run lasts.
- ``.writers`` is shared by the units of work at work, wherever they run. A new coordinator waits until it
  is free, so that workers which outlive a killed run cannot write beside its successor, and writes the name
  of its own run in it, so that units of the killed run which were still waiting somewhere never start.
"""

from __future__ import annotations

import fcntl
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.atlas.store import AtlasError

WAIT_SECONDS = 60
"""Time that workers of an earlier run have to end."""


class BusyError(AtlasError):
    """Another run is at work on the folder."""


class OutdatedError(RuntimeError):
    """A unit of work whose run has a successor."""


@contextmanager
def coordinator(folder: Path, wait: float = WAIT_SECONDS) -> Iterator[str]:
    """Be the one run that writes to ``folder``; the name that its units of work show.

    Raises BusyError at once when another run is at work, after ``wait`` seconds when only workers of one are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as lock:
        if not _taken(lock.fileno(), fcntl.LOCK_EX):
            message = f"another run is writing to {folder}: wait until it has ended, or choose another output"
            raise BusyError(message)
        yield _begin(folder, wait)


def _begin(folder: Path, wait: float) -> str:
    """Wait for the units of work of an earlier run, and lock out those that have not begun."""
    run = uuid.uuid4().hex
    deadline = time.monotonic() + wait
    with (folder / ".writers").open("a+", encoding="ascii") as writers:
        while not _taken(writers.fileno(), fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                message = (
                    f"workers of an earlier run are still writing to {folder}, though that run has ended: "
                    "wait until they have ended, or end them, and run again"
                )
                raise BusyError(message)
            time.sleep(0.1)
        writers.truncate(0)
        writers.write(run)
    return run


@contextmanager
def writing(folder: Path, run: str) -> Iterator[None]:
    """Work for ``run`` on ``folder``, while no other run may begin.

    Raises OutdatedError when another run has begun.
    """
    with (folder / ".writers").open(encoding="ascii") as writers:
        # held exclusively only for the moment in which a run begins
        fcntl.flock(writers, fcntl.LOCK_SH)
        if writers.read() != run:
            message = f"another run has taken over {folder}: this one ends"
            raise OutdatedError(message)
        yield


def _taken(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
