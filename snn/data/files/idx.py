"""The idx format of the MNIST family, gzipped as Debian's packages ship it."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.allowed_places import require_place
from spikeatlas.snn.data.base import DataSpec
from spikeatlas.snn.data.dataset import Split
from spikeatlas.snn.data.files.torchvision_files import read_torchvision

_NAMES = {"train": "train", "test": "t10k"}
_UNSIGNED_BYTES = 0x08


def read_family(spec: DataSpec, name: str, folders: Sequence[Path | None]) -> tuple[Split, Split]:
    """Read both splits: idx files of the first of ``folders`` that has them, else torchvision's ``name``."""
    candidates = [folder for folder in folders if folder is not None]
    folder = next((candidate for candidate in candidates if has_idx(candidate)), None)
    if folder is not None:
        if folder == spec.root:
            # what the system's own packages install may be read on every host
            _require_places(folder)
        return read_idx_split(folder, "train"), read_idx_split(folder, "test")
    return read_torchvision(spec, name, train=True), read_torchvision(spec, name, train=False)


def has_idx(folder: Path) -> bool:
    """Tell whether the folder holds both splits as idx files."""
    return all(file.is_file() for split in _NAMES for file in _files(folder, split))


def _require_places(folder: Path) -> None:
    """Raise ValueError for a file that a confined host does not allow, links followed."""
    for split in _NAMES:
        for file in _files(folder, split):
            require_place(file)


def read_idx_split(folder: Path, split: str) -> Split:
    """Read ``train`` or ``test`` of a folder; ValueError for a truncated or damaged file."""
    images, labels = (_read_idx(file) for file in _files(folder, split))
    return Split(images[:, None], labels.astype(np.int64))


def _files(folder: Path, split: str) -> tuple[Path, Path]:
    name = _NAMES[split]
    return folder / f"{name}-images-idx3-ubyte.gz", folder / f"{name}-labels-idx1-ubyte.gz"


def _read_idx(file: Path) -> npt.NDArray[np.uint8]:
    """Read an array of any rank: two zero bytes, element type, rank, one big-endian size an axis, elements."""
    try:
        raw = gzip.decompress(file.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{file} is damaged ({error}): fetch it again.") from None
    rank = raw[3] if len(raw) > 3 else 0
    start = 4 + 4 * rank
    shape = np.frombuffer(raw[4:start], ">u4").tolist() if len(raw) >= start else []
    good = raw[:3] == bytes([0, 0, _UNSIGNED_BYTES]) and len(raw) == start + math.prod(shape)
    if not good or not shape:
        raise ValueError(f"{file} is no complete idx file of bytes: fetch it again.")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape).copy()
