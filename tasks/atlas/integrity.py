"""Whether what was committed can be read: every chunk there, every checksum right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

import numpy as np
import zarr
from zarr.core.sync import sync

from spikeatlas.tasks.atlas.schema import FAILED, PENDING
from spikeatlas.tasks.atlas.store import (
    CHECKSUM,
    arrays_digest,
    checksum,
    digest,
    group_metadata,
    layout_of,
    metadata,
    open_store,
    values,
)
from spikeatlas.tasks.atlas.write import epoch_row
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.location import Place

PROMISES: Mapping[str, tuple[str, ...]] = {
    "observed": ("layers/*/natural_*", "natural/*"),
    "screened": ("screening/*",),
    "analysed": ("selectivity/*", "population/*", "naturalness/*", "neurons/*"),
    "ablation/ablated": ("ablation/*",),
}
"""Per-epoch flags and the arrays that each promises."""

DIGESTS = "provenance/metadata_digest"
"""Where the digests of all metadata are."""

MARKS = ("cross/crossed", "ablation/ablated")
"""Marks beside those at the root."""


def committed(path: Place, block: Block) -> bool:
    """Whether a block is marked as ended. Raises ValueError when the mark itself cannot be read."""
    status = open_store(path)[f"layers/{block.layer}/status"]
    return not np.isin(read_rows(status, _at(path, block)), (PENDING, FAILED)).any()


def block_damage(path: Place, block: Block) -> list[str]:
    """What is wrong with the chunks of a committed block."""
    root = open_store(path)
    names = [n for n, v in layout_of(root).of_layer().items() if v.of_block]
    at = _at(path, block)
    return list(_damage((f"layers/{block.layer}/{name}", root, at) for name in names))


def epoch_damage(path: Place, epoch: float) -> list[str]:
    """What is wrong with the per-epoch arrays whose stage is committed."""
    root = open_store(path)
    at = (epoch_row(root, epoch),)
    arrays = [f"{group}/{name}".lstrip("/") for group, name, _, _ in layout_of(root).arrays()]
    problems = list(_damage((name, root, at) for name in arrays if _may_be_missing(name)))
    if problems:
        return problems
    for flag, patterns in PROMISES.items():
        if flag in root and values(root, flag, at):
            promised = [name for name in arrays if any(fnmatch(name, p) for p in patterns)]
            problems += _damage((name, root, at) for name in promised)
    return problems + _cross_damage(root, *at)


def metadata_damage(path: Place) -> list[str]:
    """What is wrong with the metadata; nothing is known of it in an atlas of an older version, without digests."""
    root = open_store(path)
    if metadata(root, "provenance") is None:
        return ["provenance has lost its metadata"]
    try:
        if "metadata_digest" not in root["provenance"].attrs and DIGESTS not in root:
            return []
        held = values(root, DIGESTS)
    except KeyError:
        return [f"{DIGESTS} has lost its metadata"]
    except (ValueError, TypeError, OSError) as error:
        return [f"{DIGESTS} cannot be read: {error}"]
    found = [*_attributes_damage(root, ""), *_attributes_damage(root, "provenance")]
    if not found:
        found += _arrays_damage(root, "provenance", ("node", "metadata_digest"))
    try:
        nodes = values(root, "provenance/node")
    except (KeyError, ValueError, TypeError, OSError) as error:
        return [*found, f"provenance/node cannot be read: {error}"]
    for node, wanted in zip(nodes, held, strict=True):
        content = metadata(root, node)
        if content is None:
            found.append(f"{node} has lost its metadata")
        elif digest(content) != wanted:
            found.append(f"{node}: its metadata is not what was allocated")
    return found + _table_damage(root)


def _table_damage(root: zarr.Group) -> list[str]:
    """What is wrong with the metadata of the table over all epochs, if there is one."""
    if metadata(root, "training") is None:
        empty = sync(root.store.is_empty(f"{root.path}/training".lstrip("/")))
        return [] if empty else ["training has lost its metadata"]
    found = [*_attributes_damage(root, "training")]
    # without names it is being written
    names: Any = () if found else root["training"].attrs.get("arrays", ())
    return [*found, *_arrays_damage(root, "training", names)] if names else found


def _arrays_damage(root: zarr.Group, group: str, names: Iterable[str]) -> Iterator[str]:
    """Whether the metadata of a group's arrays is that which was written."""
    if root[group].attrs.get("metadata_digest") != arrays_digest(root, group, names):
        yield f"{group}: the metadata of an array is not what was written"


def _attributes_damage(root: zarr.Group, group: str) -> Iterator[str]:
    """Whether the attributes of a group are those that were written."""
    try:
        attributes = dict((root[group] if group else root).attrs)
    except (ValueError, KeyError, TypeError, OSError) as error:
        yield f"/{group}: its metadata cannot be read ({error})"
        return
    held = json.loads(metadata(root, group) or b"{}")
    whole = json.loads(group_metadata(attributes).to_bytes())
    if attributes.get(CHECKSUM) != checksum(attributes) or held != whole:
        yield f"/{group}: its attributes are not those that were written"


def training_damage(path: Place) -> list[str]:
    """What is wrong with the table over all epochs, if there is one."""
    root = open_store(path)
    if "training" not in root or "concluded" not in root["training"].attrs:
        return []
    group: Any = root["training"]
    return list(_damage((f"training/{name}", root, (...,)) for name in group.array_keys()))


def _cross_damage(root: zarr.Group, row: int) -> list[str]:
    """What is wrong with the answers of one epoch's network to the MEIs that it was shown."""
    if "cross" not in root:
        return []
    shown = np.flatnonzero(values(root, "cross/crossed", row))
    names = [f"layers/{layer}/cross_response" for layer in layout_of(root).layers]
    return list(_damage((name, root, (row, int(other))) for other in shown for name in names))


def _damage(arrays: Iterable[tuple[str, zarr.Group, tuple[Any, ...]]]) -> Iterator[str]:
    for name, root, at in arrays:
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
    """Marks, and what else the root holds, are unwritten until their stage is done."""
    return "/" not in name or name in MARKS


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
    place = [*first, *[0] * (array.ndim - len(first))]
    key = array.metadata.encode_chunk_key(
        tuple(p // c for p, c in zip(place, array.chunks, strict=True))
    )
    return f"{array.path}/{key}"


def _at(path: Place, block: Block) -> tuple[int, slice]:
    return epoch_row(open_store(path), block.epoch), slice(block.start, block.stop)
