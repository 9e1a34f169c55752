"""Leases to write to an atlas in an object store, which knows no flock: they run out without their holder.

A lease is an object, put on the condition that there is none, and renewed, on the condition that it is still the
holder's, while the holder lives. Whoever finds one unchanged for SECONDS takes it over. No clock is compared with
another host's.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from spikeatlas.tasks.atlas.errors import BusyError, OutdatedError
from spikeatlas.tasks.study.location import Url

if TYPE_CHECKING:
    from obstore import PutResult, UpdateVersion

SECONDS = 20.0
"""Time after which a lease that nobody renews is over."""

RENEWALS = 5
"""Renewals in that time."""

PAUSE = 0.5
"""Seconds between two looks at somebody else's lease."""


class Lease:
    """An object that is ours as long as we renew it; ``lost`` is called when that fails."""

    def __init__(self, at: Url, version: PutResult, lost: Callable[[], object]) -> None:
        self._bucket, self._name, self._version = at.parent.bucket, at.name, version
        self._lost = lost
        self._over = threading.Event()
        self._renewer = threading.Thread(target=self._renew, daemon=True)
        self._renewer.start()

    def _renew(self) -> None:
        renewed = time.monotonic()
        while not self._over.wait(SECONDS / RENEWALS):
            begun = time.monotonic()
            try:
                mode = _only(str(self._version["e_tag"]))
                self._version = obstore.put(self._bucket, self._name, _token(), mode=mode)
            except (PreconditionError, FileNotFoundError):
                self._lost()
                return
            except (BaseError, OSError):
                if time.monotonic() - renewed > SECONDS / 2:
                    self._lost()
                    return
            else:
                renewed = begun

    def give_back(self) -> None:
        """Let the next one begin at once."""
        self._over.set()
        self._renewer.join()
        obstore.delete(self._bucket, self._name)


def _token() -> bytes:
    # each renewal has other bytes, and so another version, also where that is a digest
    return uuid.uuid4().bytes


def _only(e_tag: str) -> UpdateVersion:
    """The condition that an object is still of that version."""
    return {"e_tag": e_tag}


@contextmanager
def coordinated(atlas: Url, run: str, wait: float, lost: Callable[[], object]) -> Iterator[None]:
    """Be the one run that writes to ``atlas``, as ``run``; ``lost`` is called if another takes over.

    Raises BusyError when another run renews its lease, or when workers of an earlier run still do after ``wait``
    seconds.
    """
    lock = atlas.with_name(f"{atlas.name}.lock")
    lease = Lease(lock, _lease(lock), lost)
    try:
        atlas.with_name(f"{atlas.name}.run").write_text(run)
        _outlive_writers(atlas, wait)
        yield
    finally:
        lease.give_back()


def _lease(lock: Url) -> PutResult:
    """Our version of a lease that nobody holds, or whose holder is gone."""
    bucket, name = lock.parent.bucket, lock.name
    try:
        return obstore.put(bucket, name, _token(), mode="create")
    except AlreadyExistsError:
        pass
    version = _version(lock)
    if version is None:
        return _lease(lock)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        time.sleep(PAUSE)
        now = _version(lock)
        if now is None:
            return _lease(lock)
        if now != version:
            raise BusyError(_busy(lock))
    try:
        return obstore.put(bucket, name, _token(), mode=_only(version))
    except PreconditionError:
        raise BusyError(_busy(lock)) from None


def _busy(lock: Url) -> str:
    atlas = str(lock).removesuffix(".lock")
    return f"another run is writing to {atlas}: wait until it has ended, or choose another atlas"


def _version(at: Url) -> str | None:
    try:
        return str(obstore.head(at.parent.bucket, at.name)["e_tag"])
    except FileNotFoundError:
        return None


def _writers(atlas: Url) -> dict[str, str | None]:
    """The leases of units at work, and their versions."""
    prefix = f"{atlas.name}.writer-"
    objects = obstore.list_with_delimiter(atlas.parent.bucket)["objects"]
    return {one["path"]: one["e_tag"] for one in objects if one["path"].startswith(prefix)}


def _outlive_writers(atlas: Url, wait: float) -> None:
    """Wait for the units of work of an earlier run; leases that nobody renews are removed."""
    changed = {name: (version, time.monotonic()) for name, version in _writers(atlas).items()}
    deadline = time.monotonic() + wait
    while now := _writers(atlas):
        for name, version in now.items():
            if changed.get(name, ("", 0))[0] != version:
                changed[name] = version, time.monotonic()
            elif time.monotonic() - changed[name][1] > SECONDS:
                obstore.delete(atlas.parent.bucket, name)
        if time.monotonic() > deadline:
            message = (
                f"workers of an earlier run are still writing to {atlas}, though that run has ended: "
                "wait until they have ended, or end them, and run again"
            )
            raise BusyError(message)
        time.sleep(PAUSE)


@contextmanager
def writing(atlas: Url, run: str, lost: Callable[[], object]) -> Iterator[None]:
    """Work for ``run``, while no other run may begin. Raises OutdatedError when another run has begun."""
    mark = atlas.with_name(f"{atlas.name}.writer-{uuid.uuid4().hex}")
    version = obstore.put(mark.parent.bucket, mark.name, _token(), mode="create")
    lease = Lease(mark, version, lost)
    try:
        # after the lease: a run that begins now finds it, and one that began before is read here
        if atlas.with_name(f"{atlas.name}.run").read_text() != run:
            raise OutdatedError(f"another run has taken over {atlas}: this one ends")
        yield
    finally:
        lease.give_back()
