"""Writing of whole chunks, data first and the mark last.

A block commits by ``status``, a per-epoch stage by its mark. A worker killed in between leaves
the mark unset, and the block or stage is done again. An atlas has the arrays of the version that made it:
what a newer one measures beside has no place in it, and is not written.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.core.sync import sync

from spikeatlas.tasks.atlas.create import create_table
from spikeatlas.tasks.atlas.errors import AtlasError
from spikeatlas.tasks.atlas.groups.arrays import arrays, path_of
from spikeatlas.tasks.atlas.groups.of_layers.cross_group import BORROWED, CROSSED
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import FAILED, PENDING, UNPLANNED
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED, EPOCH, KNOWN
from spikeatlas.tasks.atlas.metadata import arrays_digest, set_attributes
from spikeatlas.tasks.atlas.open import (
    arrays_of,
    epoch_row,
    layout_of,
    open_store,
    row_of,
    values,
    writable,
)
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.location import Place, Url

Arrays = Mapping[str, NDArray[Any] | np.generic]


def write_block(path: Place, block: Block, arrays: Arrays) -> None:
    """Store the results of one block: each array (neurons, searches, repeats, ...), ``status`` last.

    Raises AtlasError when an array's shape or type differs from what was allocated (zarr would cast
    or broadcast it silently).
    """
    named = {path_of(name, block.layer): value for name, value in arrays.items()}
    mark = path_of("status", block.layer)
    _put(path, (block.epoch,), named, mark, slice(block.start, block.stop))


def write_epoch(path: Place, epoch: float, arrays: Arrays, mark: str) -> None:
    """Store per-epoch arrays by their path in the atlas (without the epoch axis), then set the mark at that path.

    Raises as ``write_block``.
    """
    _put(path, (epoch,), {**arrays, mark: np.uint8(1)}, mark)


def _put(
    path: Place, epochs: tuple[float, ...], values: Arrays, mark: str | None, *further: slice
) -> None:
    """Store arrays at the rows of ``epochs`` and a ``further`` part: all but the mark at once, and then the mark."""
    atlas = opened(path, values)
    at = (*(row_of(atlas.epochs, epoch) for epoch in epochs), *further)
    parts = {name: _fitting(name, array, at, values[name]) for name, array in atlas.arrays.items()}
    data = [name for name in parts if name != mark]
    for names in (data, [mark] if mark else []):
        sync(_set({name: atlas.arrays[name] for name in names}, at, parts))


async def _set(arrays: Mapping[str, Any], at: tuple[Any, ...], values: Arrays) -> None:
    """Fill a part of several arrays at once; every write has ended when this has."""
    filled = (array.async_array.setitem(at, values[name]) for name, array in arrays.items())
    for error in await asyncio.gather(*filled, return_exceptions=True):
        if error is not None:
            raise error


def _fitting(name: str, array: Any, at: tuple[Any, ...], value: Any) -> NDArray[Any]:
    shape = tuple(np.broadcast_to(np.False_, array.shape)[at].shape)
    part: NDArray[Any] = np.asarray(value)
    text = array.dtype.kind == "T"
    if part.shape != shape or (not text and part.dtype != array.dtype):
        message = (
            f"{name} takes {array.dtype} of shape {shape}, not {part.dtype} of shape {part.shape}: "
            "the network, the generator or the study changed under a running job; run again"
        )
        raise AtlasError(message)
    return part


def mark_failed(path: Place, block: Block) -> None:
    """Mark a block whose task gave up: no hole that looks like a result, and redone by the next run."""
    root = open_store(path, "r+")
    status = root[path_of("status", block.layer)]
    rows = slice(block.start, block.stop)
    writable(status)[epoch_row(root, block.epoch), rows] = np.uint8(FAILED)


def plan_repeats(path: Place, block: Block, repeats: int) -> None:
    """Make the first ``repeats`` searches of a block, where unplanned until now, pending (coordinator only)."""
    root = open_store(path, "r+")
    status: Any = writable(root[path_of("status", block.layer)])
    at = (epoch_row(root, block.epoch), slice(block.start, block.stop))
    states = np.asarray(status[at])
    first = states[:, :, :repeats]
    first[first == UNPLANNED] = PENDING
    status[at] = states


def write_cross(
    path: Place, epoch: float, stimulus_epoch: float, responses: Mapping[str, Arrays]
) -> None:
    """Store, by layer, what the network of ``epoch`` answers to the MEIs of ``stimulus_epoch``, then the marks."""
    root = open_store(path, "r+")
    writable(root[KNOWN])[epoch_row(root, epoch)] = np.uint8(0)
    paths = {
        path_of(name, layer): values
        for layer, arrays in responses.items()
        for name, values in arrays.items()
    }
    for mark in (CROSSED, BORROWED):
        kind = mark.partition("/")[0]
        part = {name: values for name, values in paths.items() if name.startswith(f"{kind}/")}
        _put(path, (epoch, stimulus_epoch), {**part, mark: np.uint8(1)}, mark)


def write_training(path: Place, table: xr.Dataset) -> None:
    """Write ``/training``, which is about all epochs together (coordinator only).

    In place after the first time, for somebody may be reading. Its labels are those of every table of neurons.
    """
    root = open_store(path, "r+")
    labels = {name: dict(root[f"selectivity/{name}"].attrs) for name in table.coords}
    if "training" not in root:
        create_table(path, "training", table, labels)
    names = [name for name in sorted(map(str, table.variables)) if f"training/{name}" in root]
    for name in names:
        writable(root[f"training/{name}"])[...] = table[name].values
    digest = arrays_digest(root, "training", names)
    coordinates = " ".join(str(name) for name in table.coords if name not in table.dims)
    described = {"concluded": 1, "arrays": " ".join(names), "coordinates": coordinates}
    note(path, "training", {**described, "metadata_digest": digest})


def clear_epoch(path: Place, epoch: float) -> None:
    """Take back the marks of what rests on an epoch's MEIs, because these are being redone."""
    root = open_store(path, "r+")
    row, epochs = epoch_row(root, epoch), range(len(values(root, EPOCH)))
    writable(root[ANALYSED])[row] = np.uint8(0)
    for mark in (mark for mark in (CROSSED, BORROWED) if mark in root):
        for other in epochs:
            writable(root[mark])[other, row] = np.uint8(0)
    for other in epochs:
        writable(root[KNOWN])[other] = np.uint8(0)


def note(path: Place, group: str, attributes: Mapping[str, Any]) -> None:
    """Add attributes to a group (coordinator only)."""
    target = open_store(path, "r+")
    set_attributes(path, group, {**(target[group] if group else target).attrs, **attributes})


def now() -> str:
    """Return the time, for provenance."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Opened:
    """Arrays of an atlas, ready to be written."""

    epochs: NDArray[np.float64]
    """Epochs by row."""
    arrays: Mapping[str, Any]
    """Arrays by their path in the atlas, as far as it has a place for them."""


def opened(path: Place, names: Iterable[str]) -> Opened:
    """Open arrays to write, once for as long as the same tree is at ``path``: it takes as long as to fill them.

    Raises as ``open_store``; KeyError for a name that is of no group.
    """
    names = tuple(names)
    if isinstance(path, Url):
        return _open(path, names)
    try:
        tree = (path / "zarr.json").stat()
    except OSError:
        # finishes a killed extension, or says what is wrong
        return _open(path, names)
    return _open_once(path, names, tree.st_ino, tree.st_mtime_ns)


@lru_cache(maxsize=64)
def _open_once(path: Path, names: tuple[str, ...], _inode: int, _changed: int) -> Opened:
    return _open(path, names)


def _open(path: Place, names: tuple[str, ...]) -> Opened:
    root = open_store(path, "r+")
    absent = _never_allocated(root, names)
    arrays = {name: writable(root[name]) for name in names if name not in absent}
    return Opened(values(root, EPOCH), arrays)


def _never_allocated(root: zarr.Group, names: Iterable[str]) -> set[str]:
    """Return those of ``names`` that this version writes and the one that made the atlas did not."""
    missing = {name for name in names if name not in root}
    if not missing:
        return missing
    new = {array.path for array in arrays(layout_of(root))}
    return missing & (new - {array.path for array in arrays_of(root)})
