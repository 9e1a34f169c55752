"""Growing an atlas: a new tree beside the old one, and the two swapped."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from spikeatlas.tasks.atlas.create import create
from spikeatlas.tasks.atlas.errors import AtlasError
from spikeatlas.tasks.atlas.groups.arrays import arrays as all_arrays
from spikeatlas.tasks.atlas.layout import Layout
from spikeatlas.tasks.atlas.open import arrays_of, open_store
from spikeatlas.tasks.atlas.ownership.store_files import require_pure
from spikeatlas.tasks.study.location import Place, Url, beside

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of Linux: names relative to the working folder; exchange two."""


def extend(path: Place, old: Layout, layout: Layout) -> None:
    """Add epochs: build a new tree beside the old one, copy what it holds, and swap it in.

    It has the arrays of the old one and no others, so that an atlas stays of the version that made it: what is
    measured since has no values at the epochs that are there.
    Readers find one or the other, whole; a kill leaves the old tree or the new one. AtlasError in an object store,
    which cannot exchange two trees, and where somebody keeps files in the old tree, which goes.
    """
    if isinstance(path, Url):
        new = ", ".join(f"{epoch:g}" for epoch in layout.epochs if epoch not in old.epochs)
        message = (
            f"epoch {new} has no place in {path}, and an atlas in an object store cannot grow: choose another atlas, "
            "or name all epochs from the start (watch.max_epochs)"
        )
        raise AtlasError(message)
    require_pure(path)
    source = open_store(path)
    arrays = arrays_of(source)
    grown = beside(path, "grown")
    shutil.rmtree(grown, ignore_errors=True)
    paths = {array.path for array in arrays}
    content = [array for array in all_arrays(layout) if array.path in paths]
    create(grown, layout, dict(source.attrs), dict(source["provenance"].attrs), content)
    rows = {old_row: layout.epochs.index(epoch) for old_row, epoch in enumerate(old.epochs)}
    for array in arrays:
        axes = sum(dim in ("epoch", "stimulus_epoch") for dim in array.variable.dims)
        old_chunks, new_chunks = path / array.path / "c", grown / array.path / "c"
        if axes:
            _copy_epochs(old_chunks, new_chunks, rows, axes)
        elif old_chunks.exists():
            shutil.copytree(old_chunks, new_chunks)
    if (path / "training").exists():
        shutil.copytree(path / "training", grown / "training")
    exchange(grown, path)


def _copy_epochs(source: Path, target: Path, rows: Mapping[int, int], axes: int) -> None:
    """Copy the chunk files of one array, whose first ``axes`` are epochs, under their new rows.

    Exact, and what is unwritten stays so.
    """
    for old_row, new_row in rows.items():
        chunk, copy = source / str(old_row), target / str(new_row)
        if axes > 1:
            _copy_epochs(chunk, copy, rows, axes - 1)
        elif chunk.is_dir():
            shutil.copytree(chunk, copy)
        elif chunk.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(chunk, copy)


def exchange(new: Path, path: Path) -> None:
    """Put the folder ``new`` in the place of ``path``, which goes.

    At once, where the kernel and the file system can; readers see nothing missing in between.
    """
    try:
        _swap(new, path)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EINVAL):
            raise
        retired = beside(path, "retired")
        shutil.rmtree(retired, ignore_errors=True)
        path.replace(retired)
        new.replace(path)
        shutil.rmtree(retired)
    else:
        shutil.rmtree(new)


def _swap(one: Path, two: Path) -> None:
    """Give two folders each other's name (Linux's renameat2, which Python does not wrap)."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        raise OSError(errno.ENOSYS, "renameat2 is not here") from None
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(two), RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(two))
