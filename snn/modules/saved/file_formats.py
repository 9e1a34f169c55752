"""The format of a checkpoint file, told by its contents without executing any of it."""

from __future__ import annotations

import codecs
import pickletools
import zipfile
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

READ = "read are .safetensors files, and what torch.save(net.state_dict(), path) writes"
"""The formats that are read, as the end of a sentence."""

# of the file format of torch before 1.6: 0x1950a86a20f9469cfc6c, pickled
_LEGACY = b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_PICKLE = 0x80
# protocols that torch reads without running code
_PROTOCOLS = (2, 3)
_HEAD = 4096
_SMALL = 1 << 20
_LENGTH_BYTES = 8
_OTHERS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, as Keras writes",
    b"\x93NUMPY": "an array of numpy (.npy)",
    b"\x1f\x8b": "compressed (gzip): unpack it",
    b"version https://git-lfs": "a pointer of Git LFS: get the file itself with git lfs pull",
    b"<!DOCTYPE": "a page of HTML, as a failed download leaves",
    b"<html": "a page of HTML, as a failed download leaves",
}


class FileFormat(NamedTuple):
    """A file's format."""

    kind: Literal["torch", "safetensors", "other", "broken"]
    """``broken``: the beginning of one that is read, or of none that is known."""
    words: str = ""
    """The file, as a sentence goes on after ``is``; what is wrong with it, if it is broken."""


def format_of(path: Path) -> FileFormat:
    """Tell the format of a file. OSError where it cannot be read."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return FileFormat("broken", "it is empty")
    if head.startswith(b"PK"):
        return _of_zip(path)
    if _LEGACY in head[:64]:
        return _of_torch(head)
    if head[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{":
        return FileFormat("safetensors")
    return _of_others(path, head)


def _of_zip(path: Path) -> FileFormat:
    if not zipfile.is_zipfile(path):
        return FileFormat("broken", "its end is missing")
    with zipfile.ZipFile(path) as archive:
        members = {Path(name).name: name for name in archive.namelist()}
        if "constants.pkl" in members:
            # torch would load it, and execute it
            return FileFormat("other", "a TorchScript archive; save net.state_dict() instead")
        if "data.pkl" in members:
            return _of_archive(archive, members["data.pkl"])
    arrays = any(name.endswith(".npy") for name in members)
    return FileFormat("other", "an archive of numpy (.npz)" if arrays else "a zip archive")


def _of_archive(archive: zipfile.ZipFile, table: str) -> FileFormat:
    try:
        return _of_torch(archive.read(table))
    except (zipfile.BadZipFile, zlib.error):
        return FileFormat("broken", "its bytes are not those that were saved")


def _of_torch(head: bytes) -> FileFormat:
    """Format of what torch wrote, by the beginning of its pickle."""
    if head[0] == _PICKLE and head[1] not in _PROTOCOLS:
        return FileFormat(
            "other",
            f"saved with pickle_protocol={head[1]}, which torch reads only by running code; save it again without that",
        )
    return FileFormat("torch")


def _of_others(path: Path, head: bytes) -> FileFormat:
    for start, words in _OTHERS.items():
        if head.startswith(start):
            return FileFormat("other", words)
    if _is_pickle(path, head):
        return FileFormat("other", "a plain pickle, which only running its code could read")
    try:
        # the head may end within a letter
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        text = "\0"
    lines = text.strip().splitlines()
    if lines and all(line.replace("\t", " ").isprintable() for line in lines):
        return FileFormat("other", f"text, which begins with {lines[0][:40]!r}")
    return FileFormat("broken", "its first bytes are those of no format that is known here")


def _is_pickle(path: Path, head: bytes) -> bool:
    if head[0] == _PICKLE:
        return head[1:2] <= b"\x05"
    if path.stat().st_size > _SMALL:
        return False
    try:
        # the first protocols begin with anything; nothing is executed
        for _ in pickletools.genops(path.read_bytes()):
            pass
    except Exception:  # noqa: BLE001 - a file that is none can make it raise anything
        return False
    return True
