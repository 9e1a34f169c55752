"""What the processes of one session of tests make once and use together: files, and a server."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest


def folder_of_session(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of the session see."""
    base = factory.getbasetemp()
    # below it, each process of pytest-xdist has a folder of its own
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Yield whether the caller is the first: it fills the folder in the block, while others wait to find it."""
    folder.mkdir(exist_ok=True)
    mark = folder / "filled"
    with _locked(folder / "lock"):
        yield not mark.exists()
        mark.touch()


@contextmanager
def together(folder: Path, serve: Callable[[Path], AbstractContextManager[str]]) -> Iterator[str]:
    """Yield the address that ``serve(folder)`` yields, of one server for all processes that are in the block.

    Who started it ends it, when the last of the others has left.
    """
    folder.mkdir(exist_ok=True)
    lock, address = folder / "lock", folder / "address"
    with (folder / "users").open("w") as users, ExitStack() as server:
        with _locked(lock):
            first = not address.exists()
            if first:
                address.write_text(server.enter_context(serve(folder)))
            # held by each user, and let go with its process however that ends
            fcntl.flock(users, fcntl.LOCK_SH)
        yield address.read_text()
        fcntl.flock(users, fcntl.LOCK_UN)
        if first:
            with _locked(lock):
                fcntl.flock(users, fcntl.LOCK_EX)
                address.unlink()
                server.close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
