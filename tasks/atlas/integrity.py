"""Damage of what was committed: a chunk that is not there, a checksum that is not right.

The store says what it holds, and each group's table which mark promises it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import zarr
from zarr.core.sync import sync

from spikeatlas.tasks.atlas.consolidated import KEY, stale
from spikeatlas.tasks.atlas.groups import GROUPS
from spikeatlas.tasks.atlas.groups.arrays import AtlasArray, path_of
from spikeatlas.tasks.atlas.groups.of_layers.cross_group import BORROWED, CROSSED
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import FAILED, PENDING
from spikeatlas.tasks.atlas.groups.progress_group import AS_TRAINED
from spikeatlas.tasks.atlas.groups.provenance_group import DIGESTS, NODES
from spikeatlas.tasks.atlas.metadata import (
    CHECKSUM,
    arrays_digest,
    checksum,
    digest,
    group_metadata,
    metadata,
)
from spikeatlas.tasks.atlas.open import arrays_of, epoch_row, open_as_is, open_store, values
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.location import Place

MARKS = {group.mark for group in GROUPS} - {""}
"""Arrays that promise others."""


def committed(path: Place, block: Block) -> bool:
    """Return whether a block is marked as ended. Raises ValueError when the mark itself cannot be read."""
    status = open_store(path)[path_of("status", block.layer)]
    return not np.isin(read_rows(status, _at(path, block)), (PENDING, FAILED)).any()


def block_damage(path: Place, block: Block) -> list[str]:
    """List what is wrong with the chunks of a committed block."""
    root = open_store(path)
    names = [
        array.path
        for array in arrays_of(root)
        if array.layer == block.layer and array.variable.of_block
    ]
    return list(_damage(root, names, _at(path, block)))


def epoch_damage(path: Place, epoch: float) -> list[str]:
    """List what is wrong with the per-epoch arrays whose stage is committed."""
    root = open_store(path)
    arrays = arrays_of(root)
    row = epoch_row(root, epoch)
    problems = list(_damage(root, [a.path for a in arrays if _may_be_missing(a.path)], (row,)))
    if problems:
        return problems
    promises = [array for array in arrays if _is_promised(root, array, row)]
    problems += _damage(root, [array.path for array in promises], (row,))
    return problems + [
        text for mark in (CROSSED, BORROWED) for text in _pair_damage(root, arrays, mark, row)
    ]


def _is_promised(root: zarr.Group, array: AtlasArray, row: int) -> bool:
    """Return whether the mark of one epoch says that an array can be read there."""
    mark = array.group.mark
    return mark not in ("", "status", CROSSED, BORROWED) and bool(values(root, mark, row))


def _pair_damage(root: zarr.Group, arrays: Iterable[AtlasArray], mark: str, row: int) -> list[str]:
    """List what is wrong with the answers of one epoch's network to the MEIs that it was shown, by their mark."""
    names = [array.path for array in arrays if array.group.mark == mark]
    if not names:
        return []
    others = np.flatnonzero(values(root, mark, row))
    return [text for other in others for text in _damage(root, names, (row, int(other)))]


def metadata_damage(path: Place) -> list[str]:
    """List what is wrong with the metadata, of whatever version; nothing is known where no digests were kept."""
    root = open_as_is(path)
    if metadata(root, "provenance") is None:
        return ["provenance has lost its metadata"]
    try:
        if "metadata_digest" not in root["provenance"].attrs and DIGESTS not in root:
            return []
        allocated = values(root, DIGESTS)
    except KeyError:
        return [f"{DIGESTS} has lost its metadata"]
    except (ValueError, TypeError, OSError) as error:
        return [f"{DIGESTS} cannot be read: {error}"]
    problems = [*_attributes_damage(root, ""), *_attributes_damage(root, "provenance")]
    if not problems:
        problems += _arrays_damage(root, "provenance", ("node", "metadata_digest"))
    try:
        nodes = values(root, NODES)
    except (KeyError, ValueError, TypeError, OSError) as error:
        return [*problems, f"{NODES} cannot be read: {error}"]
    for node, original in zip(nodes, allocated, strict=True):
        content = metadata(root, node)
        if content is None:
            problems.append(f"{node} has lost its metadata")
        elif digest(content) != original:
            problems.append(f"{node}: its metadata is not what was allocated")
    problems += _table_damage(root)
    lying = [f"consolidated metadata are not those of {name}" for name in stale(root)]
    return problems or lying


def _table_damage(root: zarr.Group) -> list[str]:
    """List what is wrong with the metadata of the table over all epochs, if there is one."""
    if metadata(root, "training") is None:
        empty = sync(root.store.is_empty(f"{root.path}/training".lstrip("/")))
        return [] if empty else ["training has lost its metadata"]
    problems = [*_attributes_damage(root, "training")]
    # without names it is being written
    names = [] if problems else _listed(root["training"].attrs.get("arrays", ""))
    return [*problems, *_arrays_damage(root, "training", names)] if names else problems


def _listed(names: Any) -> list[str]:
    """Return names that are joined by spaces; version 1 kept a list of them."""
    return names.split() if isinstance(names, str) else list(names)


def _arrays_damage(root: zarr.Group, group: str, names: Iterable[str]) -> Iterator[str]:
    """Say where the metadata of a group's arrays is not that which was written."""
    if root[group].attrs.get("metadata_digest") != arrays_digest(root, group, names):
        yield f"{group}: the metadata of an array is not what was written"


def _attributes_damage(root: zarr.Group, group: str) -> Iterator[str]:
    """Say where the attributes of a group are not those that were written."""
    try:
        attributes = dict((root[group] if group else root).attrs)
    except (ValueError, KeyError, TypeError, OSError) as error:
        yield f"/{group}: its metadata cannot be read ({error})"
        return
    stored = json.loads(metadata(root, group) or b"{}")
    if not group:
        stored.pop(KEY, None)
    whole = json.loads(group_metadata(attributes).to_bytes())
    if attributes.get(CHECKSUM) != checksum(attributes) or stored != whole:
        yield f"/{group}: its attributes are not those that were written"


def whole_damage(path: Place) -> list[str]:
    """List what is wrong with what is not of one epoch: the test images, and the table over all epochs, if there is one."""
    root = open_store(path)
    names = [
        array.path
        for array in arrays_of(root)
        if not array.group.mark and "epoch" not in array.variable.dims
    ]
    if "training" in root and "concluded" in root["training"].attrs:
        group: Any = root["training"]
        names += [f"training/{name}" for name in group.array_keys()]
    return list(_damage(root, names, (...,)))


def _damage(root: zarr.Group, names: Iterable[str], at: tuple[Any, ...]) -> Iterator[str]:
    """Say what is wrong with one chunk of each of some arrays."""
    for name in names:
        try:
            array = root[name]
            missing = not sync(array.store.exists(chunk_key(array, at)))
            read_rows(array, at)
        except (ValueError, KeyError) as error:
            yield f"{name} cannot be read: {error}"
        else:
            if missing and not _may_be_missing(name):
                yield f"{name} has lost a chunk"


def _may_be_missing(name: str) -> bool:
    """Marks, and what else tells of the network's progress, are unwritten until their stage is done."""
    return name in MARKS or name in AS_TRAINED


def read_rows(array: Any, at: tuple[Any, ...]) -> Any:
    """The values at ``at``; ValueError, whatever the codec's own exception, when they cannot be read."""
    try:
        return array[at]
    except Exception as error:
        message = f"damaged chunk ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
        raise ValueError(message) from error


def chunk_key(array: Any, at: tuple[Any, ...]) -> str:
    """The key, in its store, of the chunk that holds the first element of ``at``."""
    first = [part.start if isinstance(part, slice) else part for part in at if part is not ...]
    element = [*first, *[0] * (array.ndim - len(first))]
    key = array.metadata.encode_chunk_key(
        tuple(p // c for p, c in zip(element, array.chunks, strict=True))
    )
    return f"{array.path}/{key}"


def _at(path: Place, block: Block) -> tuple[int, slice]:
    return epoch_row(open_store(path), block.epoch), slice(block.start, block.stop)
