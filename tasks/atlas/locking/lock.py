"""The right to write: one coordinator of a folder, and the units of work of its run alone.

Two files, locked with flock, which the kernel takes back from a process that ends, however it ends (an atlas in an
object store has leases beside, ``lease.py``):

- ``.lock`` is the coordinator's as long as its run lasts.
- ``.writers`` is shared by the units of work at work, wherever they run. A new coordinator waits until it
  is free, so that workers which outlive a killed run cannot write beside its successor, and writes the name
  of its own run in it, so that units of the killed run which were still waiting somewhere never start.
"""

from __future__ import annotations

import fcntl
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from spikeatlas.tasks.atlas.errors import BusyError, OutdatedError
from spikeatlas.tasks.study.location import Place, Url

WAIT_SECONDS = 60
"""Time that workers of an earlier run have to end."""

GLANCE_SECONDS = 0.2
"""Time in which a lock is tried again, which somebody who asks ``at_work`` holds for a moment."""

Lost = Callable[[], object]
"""What to do when a lease of an atlas in an object store is lost: let the process's work end."""


@contextmanager
def coordinator(
    folder: Path,
    atlas: Place | None = None,
    wait: float = WAIT_SECONDS,
    lost: Lost | None = None,
) -> Iterator[str]:
    """Be the one run that writes to ``folder`` and to its ``atlas``, if that is elsewhere; the name that its units show.

    ``lost``: needed for an atlas in an object store.
    Raises BusyError at once when another run is at work, after ``wait`` seconds when only workers of one are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as lock:
        if not _locked_soon(lock.fileno()):
            message = f"another run is writing to {folder}: wait until it has ended, or choose another output"
            raise BusyError(message)
        run = _begin(folder, wait)
        with _leased(atlas, run, wait, lost):
            yield run


def at_work(folder: Path) -> bool:
    """Return whether a run is writing to ``folder`` now, on whatever host that has the folder; nothing is written."""
    try:
        with (folder / ".lock").open("rb") as lock:
            return not _try_lock(lock.fileno(), fcntl.LOCK_SH)
    except OSError:
        # no run has begun there, or it is not for us to know
        return False


def _locked_soon(file: int) -> bool:
    deadline = time.monotonic() + GLANCE_SECONDS
    while not _try_lock(file, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            return False
        time.sleep(GLANCE_SECONDS / 10)
    return True


def _leased(
    atlas: Place | None, run: str, wait: float, lost: Lost | None
) -> AbstractContextManager[None]:
    """The run's lease of an atlas in an object store."""
    if not isinstance(atlas, Url):
        return nullcontext()
    from spikeatlas.tasks.atlas.locking import lease  # noqa: PLC0415 - needs an optional package

    assert lost is not None
    return lease.coordinated(atlas, run, wait, lost)


def _begin(folder: Path, wait: float) -> str:
    """Wait for the units of work of an earlier run, and lock out those that have not begun."""
    run = uuid.uuid4().hex
    deadline = time.monotonic() + wait
    with (folder / ".writers").open("a+", encoding="ascii") as writers:
        while not _try_lock(writers.fileno(), fcntl.LOCK_EX):
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
def writing(
    folder: Path, run: str, atlas: Place | None = None, lost: Lost | None = None
) -> Iterator[None]:
    """Work for ``run`` on ``folder`` and ``atlas``, while no other run may begin.

    Raises OutdatedError when another run has begun.
    """
    with (folder / ".writers").open(encoding="ascii") as writers:
        # held exclusively only for the moment in which a run begins
        fcntl.flock(writers, fcntl.LOCK_SH)
        if writers.read() != run:
            message = f"another run has taken over {folder}: this one ends"
            raise OutdatedError(message)
        with _shared(atlas, run, lost):
            yield


def _shared(atlas: Place | None, run: str, lost: Lost | None) -> AbstractContextManager[None]:
    """A unit's lease of an atlas in an object store."""
    if not isinstance(atlas, Url):
        return nullcontext()
    from spikeatlas.tasks.atlas.locking import lease  # noqa: PLC0415 - needs an optional package

    assert lost is not None
    return lease.writing(atlas, run, lost)


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
