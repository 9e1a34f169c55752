"""What workers write: whole chunks, data first and the mark last.

A block commits by ``status``, a per-epoch stage by its root flag. A worker killed in between leaves
the mark unset, and the block or stage is done again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.core.sync import sync

from spikeatlas.tasks.atlas.errors import AtlasError
from spikeatlas.tasks.atlas.schema import FAILED, PENDING, UNPLANNED
from spikeatlas.tasks.atlas.store import (
    arrays_digest,
    create_table,
    open_store,
    opened,
    set_attributes,
    values,
    writable,
)
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.location import Place

Arrays = Mapping[str, NDArray[Any] | np.generic]


def write_block(path: Place, block: Block, arrays: Arrays) -> None:
    """Store the results of one block: each array (neurons, methods, repeats, ...), ``status`` last.

    Raises AtlasError when an array's shape or type differs from what was allocated (zarr would cast
    or broadcast it silently).
    """
    found = {f"layers/{block.layer}/{name}": value for name, value in arrays.items()}
    mark = f"layers/{block.layer}/status"
    _put(path, (block.epoch,), found, mark, slice(block.start, block.stop))


def write_epoch(path: Place, epoch: float, arrays: Arrays, flag: str | None = None) -> None:
    """Store per-epoch arrays by their path in the atlas (without the epoch axis), then set ``flag``.

    Raises as ``write_block``.
    """
    marked = {flag: np.uint8(1)} if flag else {}
    _put(path, (epoch,), {**arrays, **marked}, flag)


def _put(
    path: Place, epochs: tuple[float, ...], values: Arrays, mark: str | None, *further: slice
) -> None:
    """Store arrays at the rows of ``epochs`` and a ``further`` part: all but the mark at once, and then the mark."""
    held = opened(path, values)
    at = (*(row_of(held.epochs, epoch) for epoch in epochs), *further)
    checked = {name: _fitting(name, held.arrays[name], at, value) for name, value in values.items()}
    data = [name for name in checked if name != mark]
    for names in (data, [mark] if mark else []):
        sync(_set({name: held.arrays[name] for name in names}, at, checked))


async def _set(arrays: Mapping[str, Any], at: tuple[Any, ...], values: Arrays) -> None:
    """Fill a part of several arrays at once; every write has ended when this has."""
    filled = (array.async_array.setitem(at, values[name]) for name, array in arrays.items())
    for error in await asyncio.gather(*filled, return_exceptions=True):
        if error is not None:
            raise error


def _fitting(name: str, array: Any, at: tuple[Any, ...], value: Any) -> NDArray[Any]:
    wanted = tuple(np.broadcast_to(np.False_, array.shape)[at].shape)
    given: NDArray[Any] = np.asarray(value)
    text = array.dtype.kind == "T"
    if given.shape != wanted or (not text and given.dtype != array.dtype):
        message = (
            f"{name} takes {array.dtype} of shape {wanted}, not {given.dtype} of shape {given.shape}: "
            "the network, the generator or the study changed under a running job; run again"
        )
        raise AtlasError(message)
    return given


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
    found = {f"layers/{layer}/cross_response": values for layer, values in responses.items()}
    mark = "cross/crossed"
    _put(path, (epoch, stimulus_epoch), {**found, mark: np.uint8(1)}, mark)


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
    return row_of(values(root, "epoch"), epoch)


def row_of(epochs: NDArray[np.float64], epoch: float) -> int:
    """The row of ``epoch`` among the epochs of an atlas; AtlasError where it is not."""
    rows = np.flatnonzero(epochs == epoch)
    if not rows.size:
        message = f"epoch {epoch:g} is not in the atlas, which holds {', '.join(f'{e:g}' for e in epochs)}"
        raise AtlasError(message)
    return int(rows[0])
