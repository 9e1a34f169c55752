"""What workers write: whole chunks, data first and the mark last.

A block commits by ``status``, a per-epoch stage by its root flag. A worker killed in between leaves
the mark unset, and the block or stage is done again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from tasks.atlas.errors import AtlasError
from tasks.atlas.schema import FAILED, PENDING, UNPLANNED
from tasks.atlas.store import (
    arrays_digest,
    create_table,
    open_store,
    set_attributes,
    values,
    writable,
)
from tasks.job import Block
from tasks.place import Place

Arrays = Mapping[str, NDArray[Any] | np.generic]


def write_block(path: Place, block: Block, arrays: Arrays) -> None:
    """Store the results of one block: each array (neurons, methods, repeats, ...), ``status`` last.

    Raises AtlasError when an array's shape or type differs from what was allocated (zarr would cast
    or broadcast it silently).
    """
    root = open_store(path, "r+")
    row = epoch_row(root, block.epoch)
    for name in sorted(arrays, key=lambda name: name == "status"):
        _put(
            root,
            f"layers/{block.layer}/{name}",
            (row, slice(block.start, block.stop)),
            arrays[name],
        )


def write_epoch(path: Place, epoch: float, arrays: Arrays, flag: str | None = None) -> None:
    """Store per-epoch arrays by their path in the atlas (without the epoch axis), then set ``flag``."""
    root = open_store(path, "r+")
    row = epoch_row(root, epoch)
    for name, value in arrays.items():
        _put(root, name, (row,), value)
    if flag:
        _put(root, flag, (row,), np.uint8(1))


def _put(root: zarr.Group, name: str, at: tuple[Any, ...], value: Any) -> None:
    array: Any = writable(root[name])
    wanted = tuple(np.broadcast_to(np.False_, array.shape)[at].shape)
    value = np.asarray(value)
    text = array.dtype.kind == "T"
    if value.shape != wanted or (not text and value.dtype != array.dtype):
        message = (
            f"{name} takes {array.dtype} of shape {wanted}, not {value.dtype} of shape {value.shape}: "
            "the network, the generator or the study changed under a running job; run again"
        )
        raise AtlasError(message)
    array[at] = value


def mark_failed(path: Place, block: Block) -> None:
    """Mark a block whose task gave up: no hole that looks like a result, and redone by the next run."""
    root = open_store(path, "r+")
    status = root[f"layers/{block.layer}/status"]
    rows = slice(block.start, block.stop)
    writable(status)[epoch_row(root, block.epoch), rows] = np.uint8(FAILED)


def plan_repeats(path: Place, block: Block, repeats: int) -> None:
    """Make the first ``repeats`` searches of a block, where unplanned until now, pending (coordinator only)."""
    root = open_store(path, "r+")
    status: Any = writable(root[f"layers/{block.layer}/status"])
    at = (epoch_row(root, block.epoch), slice(block.start, block.stop))
    held = np.asarray(status[at])
    wanted = held[:, :, :repeats]
    wanted[wanted == UNPLANNED] = PENDING
    status[at] = held


def write_cross(path: Place, epoch: float, stimulus_epoch: float, responses: Arrays) -> None:
    """Store, by layer, responses of the network of ``epoch`` to the MEIs of ``stimulus_epoch``, then the mark."""
    root = open_store(path, "r+")
    at = (epoch_row(root, epoch), epoch_row(root, stimulus_epoch))
    for layer, found in responses.items():
        _put(root, f"layers/{layer}/cross_response", at, found)
    _put(root, "cross/crossed", at, np.uint8(1))


def write_training(path: Place, table: xr.Dataset) -> None:
    """Write ``/training``, which is about all epochs together (coordinator only).

    In place after the first time, for somebody may be reading. Its labels are named as those of ``/neurons``.
    """
    root = open_store(path, "r+")
    labels = {name: dict(root[f"neurons/{name}"].attrs) for name in table.coords}
    if "training" not in root:
        create_table(path, "training", table, labels)
    for name, variable in table.variables.items():
        writable(root[f"training/{name}"])[...] = variable.values
    names = sorted(map(str, table.variables))
    made = arrays_digest(root, "training", names)
    note(path, "training", {"concluded": True, "arrays": names, "metadata_digest": made})


def clear_epoch(path: Place, epoch: float) -> None:
    """Take back the marks of what rests on an epoch's MEIs, because these are being redone."""
    root = open_store(path, "r+")
    row = epoch_row(root, epoch)
    writable(root["analysed"])[row] = np.uint8(0)
    if "cross" in root:
        for shown_to in range(len(values(root, "epoch"))):
            writable(root["cross/crossed"])[shown_to, row] = np.uint8(0)


def note(path: Place, group: str, attributes: Mapping[str, Any]) -> None:
    """Add attributes to a group (coordinator only)."""
    target = open_store(path, "r+")
    set_attributes(path, group, {**(target[group] if group else target).attrs, **attributes})


def now() -> str:
    """The time, for provenance."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")


def epoch_row(root: zarr.Group, epoch: float) -> int:
    """The row of ``epoch`` in every array of the atlas."""
    epochs = values(root, "epoch")
    rows = np.flatnonzero(epochs == epoch)
    if not rows.size:
        message = f"epoch {epoch:g} is not in the atlas, which holds {', '.join(f'{e:g}' for e in epochs)}"
        raise AtlasError(message)
    return int(rows[0])
