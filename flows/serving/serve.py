"""`spikeatlas serve`: a folder's atlases by http on 127.0.0.1, until somebody ends it."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from spikeatlas.flows.runners.terminal import tell
from spikeatlas.flows.serving.address import Service, recorded
from spikeatlas.flows.serving.site import site

LOOPBACK, PORT = "127.0.0.1", 8350

GRACE_SECONDS = 2
"""Time that answers may take to end, once somebody ends the serve."""


def serve(folder: Path, port: int | None = None) -> None:
    """Serve a folder until Ctrl-C or SIGTERM, and say its address in one line.

    ``port``: 0 takes a free one; if left out, PORT, or a free one where that is taken.
    Raises FileNotFoundError or ValueError for what is no folder of atlases, ValueError for a port that is taken.
    """
    place = require_folder(folder)
    with bound(port) as listener:
        url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        # one request of ours may last as long as a page takes to make
        config = uvicorn.Config(
            site(place),
            log_level="error",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        with recorded(Service(url, place)), suppress(KeyboardInterrupt), terminable():
            tell(f"serving {place} at {url}/ (Ctrl-C ends it)")
            uvicorn.Server(config).run(sockets=[listener])


def require_folder(folder: Path) -> Path:
    """Return a folder, absolute and links followed. Raises FileNotFoundError or ValueError, with what to do."""
    place = folder.expanduser().resolve()
    if not place.exists():
        raise FileNotFoundError(
            f"there is no folder {folder} to serve: give the folder of a run, or one above several"
        )
    if not place.is_dir():
        raise ValueError(f"{folder} is a file: give the folder of a run, or one above several")
    if (place / "zarr.json").is_file():
        raise ValueError(
            f"{folder} is an atlas, or a part of one: give the folder that it lies in, {place.parent}"
        )
    return place


@contextmanager
def bound(port: int | None) -> Iterator[socket.socket]:
    """Yield a socket that listens on loopback. Raises ValueError for a port that cannot be had."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, PORT if port is None else port))
        except (OSError, OverflowError) as error:
            if port is not None:
                raise ValueError(_refusal(port, error)) from error
            listener.bind((LOOPBACK, 0))
        # a browser that comes at once waits, rather than being refused
        listener.listen()
        yield listener


def _refusal(port: int, error: Exception) -> str:
    reasons = {
        errno.EADDRINUSE: "is taken by another program",
        errno.EACCES: "is not for ordinary users",
    }
    reason = reasons.get(getattr(error, "errno", None) or 0, "is no port (0 to 65535)")
    return f"--port {port} {reason}: choose another, or 0 for one that is free"


@contextmanager
def terminable() -> Iterator[None]:
    """End the block by SIGTERM as by Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
