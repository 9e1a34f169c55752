"""Files that are whole or not there.

Apart from the files of tensors, whose library takes a second to load: a location is read before it is needed.
"""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

PICTURES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"RIFF",
    b"%PDF",
    b"<svg",
)
"""Beginnings of the files of pictures."""


def write_picture(path: Path, data: bytes) -> None:
    """Write a picture where a user wants it, whole or not at all. FileExistsError as ``require_picture``."""
    require_picture(path)
    if path.exists() and not path.is_file():
        # a device or a pipe, which cannot be replaced
        with path.open("wb") as file:
            file.write(data)
        return
    write_atomically(path.resolve(), data)


def require_picture(path: Path) -> None:
    """Raise FileExistsError where something else than a picture stands, which a picture must not replace."""
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: name a file for the picture")
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as file:
        beginning = file.read(max(map(len, PICTURES)))
    is_drawing = path.suffix == ".svg" and beginning.startswith(b"<?xml")
    if not is_drawing and not beginning.startswith(PICTURES):
        raise FileExistsError(f"{path} is there, and is no picture: choose another name")


def write_atomically(path: Path, data: bytes, beside: Path | None = None) -> None:
    """Write ``data`` under a temporary name in the same folder (made if missing), then rename.

    ``beside``: a path in whose folder the temporary file is written instead, where that is on the same disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = (beside or path).with_name(
        f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp"
    )
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if beside is None or error.errno != errno.EXDEV:
            if str(error.filename) == str(temporary):
                # the name that a user knows
                error.filename, error.filename2 = str(path), None
            raise
        write_atomically(path, data)
    finally:
        # a read-only disk refuses that too, and what happened first is what is told
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
