"""The signs by which a file that a run of ours made is told, of this version or an older one.

A link is never ours: no run makes one. Where we cannot read, nothing is ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from spikeatlas.snn.training import read_header
from spikeatlas.tasks.study.run_files import PICTURE_MARK

_TITLE = re.compile(rb"<title>(Explorer \xc2\xb7 )?Spike Atlas: ")
_HEAD = 4096
"""Bytes of a page in which its title stands."""
_CLAIM = {"name", "statement", "answer"}
_RUN = re.compile(r"[0-9a-f]{32}|")
WRITERS = ".writers"
"""File in which a run's folder has the name of its last run."""


def is_page(path: Path) -> bool:
    """Tell a report or an explorer."""
    return _TITLE.search(_content(path, _HEAD)) is not None


def is_picture(path: Path) -> bool:
    """Tell the picture of a run at work."""
    return PICTURE_MARK.encode() in _content(path, _HEAD)


def is_claims(path: Path) -> bool:
    """Tell what the claims of an atlas are written to."""
    try:
        claims = json.loads(_content(path))
    except ValueError:
        return False
    return isinstance(claims, list) and all(
        isinstance(claim, dict) and claim.keys() >= _CLAIM for claim in claims
    )


def is_checkpoint(path: Path, study: str | None = None) -> bool:
    """Tell a network's checkpoint, whatever study trained it, or the one with that digest."""
    if path.is_symlink():
        return False
    try:
        header = read_header(path)
    except (ValueError, OSError):
        return False
    return study in (None, header.study)


def is_training_state(path: Path) -> bool:
    """Tell the state of a training that was stopped: it begins with the digest of its rest."""
    content, size = _content(path), hashlib.sha256().digest_size
    return bool(content) and hashlib.sha256(content[size:]).digest() == content[:size]


def is_run_mark(path: Path) -> bool:
    """Tell the file that names the last run of a folder."""
    try:
        return _RUN.fullmatch(_content(path).decode()) is not None and not path.is_symlink()
    except UnicodeDecodeError:
        return False


def is_run_folder(folder: Path) -> bool:
    """Tell a folder that a run, or a benchmark, has written to."""
    mark = folder / WRITERS
    return mark.is_file() and is_run_mark(mark)


def _content(path: Path, size: int = -1) -> bytes:
    """Return the beginning of a file, or all of it; nothing of what is no file, or cannot be read."""
    if path.is_symlink() or not path.is_file():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""
