"""Metadata as they are stored, and the digests against which damage of them is found.

Digests of all metadata are kept in ``/provenance``, and of its own attributes in each group that has some.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import zarr
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.core.group import GroupMetadata
from zarr.core.sync import sync
from zarr.storage import MemoryStore

from spikeatlas.snn.atomic import write_atomically
from spikeatlas.tasks.atlas.groups.axes import AxisLabels
from spikeatlas.tasks.atlas.groups.provenance_group import DIGEST, NODE
from spikeatlas.tasks.study.location import Place

Attributes = Mapping[str, Any]

BUILDING = {"spikeatlas": "an atlas is being made here"}
"""Attributes of the root while there is no more of an atlas than a part."""

CHECKSUM = "checksum"
"""Attribute of a group: the digest of its others."""


def store_of(path: Place | MemoryStore, mode: str = "r") -> Any:
    """Return what zarr and xarray open as the root group."""
    if isinstance(path, Path | MemoryStore):
        return path
    from zarr.storage import ObjectStore  # noqa: PLC0415 - needs an optional package

    return ObjectStore(path.below, read_only=mode == "r")


def digests(group: zarr.Group) -> dict[str, AxisLabels]:
    """List all that is below ``group``, with the digest of the metadata of each."""
    nodes = sorted(name for name, _ in group.members(max_depth=None))
    values = [digest(metadata(group, name) or b"") for name in nodes]
    return {
        "node": AxisLabels("node", nodes, "node", NODE),
        "metadata_digest": AxisLabels("node", values, "digest", DIGEST),
    }


def arrays_digest(root: zarr.Group, group: str, names: Iterable[str]) -> str:
    """Return one digest of the metadata of some arrays of a group."""
    return digest(b"".join(metadata(root, f"{group}/{name}") or b"" for name in names))


def digest(content: bytes) -> str:
    """Return enough of a SHA-256 (hex) to tell damage."""
    return hashlib.sha256(content).hexdigest()[:16]


def metadata(group: zarr.Group, name: str) -> bytes | None:
    """Return the metadata of a node below ``group`` as it is stored; None where it has none."""
    key = f"{group.path}/{name}/zarr.json".lstrip("/")
    content = sync(group.store.get(key, default_buffer_prototype()))
    return None if content is None else content.to_bytes()


def checksum(attributes: Attributes) -> str:
    """Return the digest of a group's other attributes."""
    others = {name: value for name, value in attributes.items() if name != CHECKSUM}
    return digest(json.dumps(others, sort_keys=True).encode())


def group_metadata(attributes: Attributes) -> Buffer:
    """Return what is stored of a group with these attributes."""
    whole = GroupMetadata(attributes=dict(attributes), zarr_format=3)
    return whole.to_buffer_dict(default_buffer_prototype())["zarr.json"]


def set_attributes(path: Place | MemoryStore, group: str, attributes: Attributes) -> None:
    """Replace the attributes of a group, and their checksum.

    As zarr would, but that the new file comes from outside of the atlas: xarray warns of what it does not
    know in a folder that it lists.
    """
    plain = json.loads(json.dumps(dict(attributes)))
    content = group_metadata({**plain, CHECKSUM: checksum(plain)})
    if not isinstance(path, Path):
        sync(store_of(path, "r+").set(f"{group}/zarr.json".lstrip("/"), content))
    else:
        write_atomically(path / group / "zarr.json", content.to_bytes(), beside=path)
