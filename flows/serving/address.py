"""The http address of a file: what `spikeatlas serve` says of itself while it runs, for links that a browser opens.

Each serve keeps a record, a small JSON file in a folder of its user's own, and holds its flock, which the kernel takes
back when the process ends, however it ends: a record that nobody holds is of a serve that is gone.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

VARIABLE = "SPIKEATLAS_SERVE"
"""URL=FOLDER of a serve that runs elsewhere, such as behind a proxy or on the host that browsers reach."""


@dataclass(frozen=True)
class Service:
    """A folder, and the address at which its files are served."""

    url: str
    """Without a slash at its end."""
    folder: Path
    """Absolute, links followed."""

    def address_of(self, path: Path) -> str | None:
        """Return the address of a file, whose links are followed; None where it is not below the folder."""
        if not path.is_relative_to(self.folder):
            return None
        parts = path.relative_to(self.folder).parts
        return "/".join([self.url, *map(quote, parts)])


def served_url(path: Path) -> str | None:
    """Return the http address at which a file or a folder is served now; None where it is not.

    By SPIKEATLAS_SERVE (URL=FOLDER), else by a running ``spikeatlas serve`` of this user on this machine: the one
    of the nearest folder. Nothing is asked over the network. Raises ValueError for a variable of another form.
    """
    place = path.expanduser().resolve()
    service = from_environment()
    if service is not None and (address := service.address_of(place)):
        return address
    nearest = sorted(running(), key=lambda service: len(service.folder.parts), reverse=True)
    return next(filter(None, (service.address_of(place) for service in nearest)), None)


def from_environment() -> Service | None:
    """Return the service that SPIKEATLAS_SERVE names; None where it is not set. Raises ValueError for another form."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    url, _, folder = text.partition("=")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or not folder:
        raise ValueError(
            f"{VARIABLE}={text} names no serve: write URL=FOLDER, such as http://127.0.0.1:8350=/data/runs"
        )
    return Service(url.rstrip("/"), Path(folder).expanduser().resolve())


def running() -> list[Service]:
    """Return the services of this user that run on this machine now; records of others are left alone."""
    records = [record for folder in _state_folders() for record in sorted(folder.glob("*.json"))]
    return [service for record in records if (service := _held(record)) is not None]


@contextmanager
def recorded(service: Service) -> Iterator[None]:
    """Let ``served_url`` know a service as long as the block runs; without a folder to write in, it stays unknown."""
    record = _new_record()
    if record is None:
        yield
        return
    with record.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump({"url": service.url, "folder": str(service.folder), "host": _host()}, file)
        file.flush()
        try:
            yield
        finally:
            record.unlink(missing_ok=True)


def _held(record: Path) -> Service | None:
    """Return the service of a record that a living process of this machine holds; one that nobody holds is removed."""
    try:
        with record.open(encoding="utf-8") as file:
            fields = json.load(file)
            if fields["host"] != _host():
                return None
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Service(fields["url"], Path(fields["folder"]))
        record.unlink(missing_ok=True)
    except (OSError, ValueError, KeyError, TypeError):
        # half written, or already gone: of a serve that begins or ends
        return None
    return None


def _new_record() -> Path | None:
    for folder in _candidates():
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_private(folder) and os.access(folder, os.W_OK):
                return folder / f"{_host()}-{os.getpid()}.json"
    return None


def _state_folders() -> list[Path]:
    return [folder for folder in _candidates() if _is_private(folder)]


def _candidates() -> list[Path]:
    """Folders for what a program of this user keeps between two starts: the usual one, and one for users without a home."""
    state = os.environ.get("XDG_STATE_HOME", "")
    homes = [Path(state)] if Path(state).is_absolute() else []
    with suppress(RuntimeError):
        homes.append(Path("~/.local/state").expanduser())
    shared = Path(tempfile.gettempdir()) / f"spikeatlas-{os.getuid()}"
    return [*(home / "spikeatlas" / "serving" for home in homes), shared]


def _is_private(folder: Path) -> bool:
    """Return whether a folder is this user's, and nobody else can write to it: others' records are not believed."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not others


def _host() -> str:
    return socket.gethostname()
