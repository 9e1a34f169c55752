"""Opening an atlas: what it holds, said by itself, whatever version wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.storage import MemoryStore

from spikeatlas.snn.training import TrainingAxis
from spikeatlas.tasks.atlas.errors import AtlasError, OldError
from spikeatlas.tasks.atlas.groups.arrays import AtlasArray, arrays
from spikeatlas.tasks.atlas.groups.progress_group import EPOCH
from spikeatlas.tasks.atlas.groups.provenance_group import NODES
from spikeatlas.tasks.atlas.layout import (
    BROUGHT,
    BY_CHOICE,
    IN_THE_STORE,
    OF_NETWORK,
    Layout,
    Named,
    UnitFields,
)
from spikeatlas.tasks.atlas.metadata import digest, metadata, set_attributes, store_of
from spikeatlas.tasks.study.location import Place, Url, beside
from spikeatlas.tasks.study.other_places import other_than_atlas

SCHEMA_VERSION = 2
"""Raised when a name or a shape changes: a new group or variable changes nothing for who does not know it."""


def exists(path: Place) -> bool:
    """Return whether there is an atlas, allocated whole."""
    if isinstance(path, Path):
        recover(path)
        return path.exists()
    try:
        return "schema_version" in zarr.open_group(store_of(path), mode="r", zarr_format=3).attrs
    except FileNotFoundError:
        return False


def open_store(path: Place, mode: str = "r") -> zarr.Group:
    """Open the atlas as a Zarr group; one of an older version as what ``migrate`` would make of it, in memory.

    Raises FileNotFoundError when there is none, AtlasError when it is damaged or newer than this program, or
    older and to be written.
    """
    root = open_as_is(path, mode)
    if mode != "r":
        require_current(path, root)
        return _loosened(path, root, mode)
    if version_of(root) < SCHEMA_VERSION:
        return zarr.open_group(renewed(path, root), mode="r", zarr_format=3)
    return root


def require_current(path: Place, root: zarr.Group | None = None) -> None:
    """Raise OldError where an atlas has an older version than this program writes."""
    version = version_of(root or open_as_is(path))
    if version < SCHEMA_VERSION:
        message = (
            f"{path} has schema version {version}, which can be read but not gone on with: "
            f"`spikeatlas migrate {path}` makes it one of version {SCHEMA_VERSION}"
        )
        raise OldError(message)


def _loosened(path: Place, root: zarr.Group, mode: str) -> zarr.Group:
    """Take the consolidated metadata away, for somebody is about to write."""
    if root.metadata.consolidated_metadata is None:
        return root
    set_attributes(path, "", dict(root.attrs))
    return open_as_is(path, mode)


def version_of(root: zarr.Group) -> int:
    """Return the version of the schema that an atlas has."""
    return int(root.attrs["schema_version"])  # type: ignore[arg-type]


def open_as_is(path: Place, mode: str = "r") -> zarr.Group:
    """Open the atlas as a Zarr group, of whatever version it is; raises as ``open_store``."""
    absent = (
        f"there is no atlas at {path}: give the path of an atlas.zarr folder that a run has written"
    )
    if isinstance(path, Path):
        recover(path)
        if not path.exists():
            raise FileNotFoundError(absent)
    try:
        root = zarr.open_group(store_of(path, mode), mode=mode, zarr_format=3)  # type: ignore[arg-type]
        version = version_of(root)
    except FileNotFoundError as error:
        if isinstance(path, Url):
            raise FileNotFoundError(absent) from None
        raise AtlasError(_damaged(path, error)) from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise AtlasError(_damaged(path, error)) from error
    if version > SCHEMA_VERSION:
        message = f"{path} has schema version {version}, newer than {SCHEMA_VERSION}, the newest known here: upgrade spikeatlas"
        raise AtlasError(message)
    return root


def _damaged(path: Place, error: Exception) -> str:
    other = other_than_atlas(path) if isinstance(path, Path) else None
    if other is not None:
        return other
    return f"{path} is no atlas, or its zarr.json is damaged ({error}): restore it from a copy"


RENEWALS: dict[int, Callable[[Place, MemoryStore], None]] = {}
"""What makes an atlas of this version, in memory, of one of an older version, which ``former`` says."""


@lru_cache(maxsize=4)
def _renewed(path: Place, version: int, _changed: str) -> MemoryStore:
    store = MemoryStore()
    RENEWALS[version](path, store)
    return store


def renewed(path: Place, root: zarr.Group) -> MemoryStore:
    """Return what ``migrate`` would make of an older atlas, in memory: once, for nothing writes to it any more."""
    return _renewed(path, version_of(root), digest(metadata(root, "") or b""))


def recover(path: Path) -> None:
    """Finish an extension that was killed between its two renames, where we may write."""
    if path.exists():
        return
    retired = beside(path, "retired")
    former = path.with_name(f"{path.name}.old")
    # what earlier versions left; without the tree that was to follow, it is a copy of somebody's
    grown = any(path.with_name(f"{path.name}.{name}").exists() for name in ("grown", "migrated"))
    remains = retired if retired.exists() else former if grown and former.exists() else None
    if remains is not None:
        with suppress(OSError):
            remains.replace(path)


def holds(path: Place, name: str) -> bool:
    """Return whether an atlas has a place for a group or an array: one of an older version may lack it."""
    return name in open_store(path)


def arrays_of(root: zarr.Group) -> list[AtlasArray]:
    """List the data arrays that an atlas was allocated with, of those that this version knows."""
    nodes = set(values(root, NODES))
    return [array for array in arrays(layout_of(root)) if array.path in nodes]


def writable(array: Any) -> zarr.Array[Any]:
    """Let the array write every chunk even where it equals the fill value: a missing chunk is damage."""
    return array.with_config({"write_empty_chunks": True})  # type: ignore[no-any-return]


def study_of(root: zarr.Group) -> dict[str, Any]:
    """Return the study that made the atlas."""
    return dict(json.loads(str(root.attrs["study"])))


def layout_of(root: zarr.Group) -> Layout:
    """Return the layout an atlas was allocated with."""
    return read_layout(root, str(root["provenance"].attrs["layout"]))


def read_layout(root: zarr.Group, text: str) -> Layout:
    """Return a layout whose own text (JSON) leaves out what the store's labels tell."""
    fields: dict[str, Any] = json.loads(text)
    fields["layers"] = {layer: tuple(neurons) for layer, neurons in fields["layers"].items()}
    first = next(iter(fields["layers"]), "")
    paths = {
        "epochs": EPOCH,
        "natural_images": f"natural_image/{first}/image",
        "natural_labels": f"natural_image/{first}/label",
        "natural_first": f"natural_image/{first}/first",
        "test_labels": "test_images/label",
    }
    fields |= {field: values(root, path).tolist() for field, path in paths.items() if path in root}
    for name in BROUGHT:
        fields[name] = [Named(*entry) for entry in fields.get(name, ())]
    axis = fields.get("axis")
    fields["axis"] = None if axis is None else TrainingAxis(*axis)
    units = fields.get("units", {}).items()
    fields["units"] = {layer: UnitFields(*unit) for layer, unit in units}
    frozen: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    return Layout(**frozen)


def layout_json(layout: Layout) -> str:
    """Return the layout, but for what the store's own labels tell, as JSON."""
    rare = (*BROUGHT, *OF_NETWORK, *BY_CHOICE)
    unsaid = {*IN_THE_STORE, *(name for name in rare if not getattr(layout, name))}
    return json.dumps({key: value for key, value in vars(layout).items() if key not in unsaid})


def values(root: zarr.Group, name: str, at: Any = ...) -> NDArray[Any]:
    """Return the values of one array of the store, or of a part of it."""
    array: Any = root[name]
    return np.asarray(array[at])


def epoch_row(root: zarr.Group, epoch: float) -> int:
    """Return the row of ``epoch`` in every array of the atlas."""
    return row_of(values(root, EPOCH), epoch)


def row_of(epochs: NDArray[np.float64], epoch: float) -> int:
    """Return the row of ``epoch`` among the epochs of an atlas; AtlasError where it is not."""
    rows = np.flatnonzero(epochs == epoch)
    if not rows.size:
        message = f"epoch {epoch:g} is not in the atlas, which holds {', '.join(f'{e:g}' for e in epochs)}"
        raise AtlasError(message)
    return int(rows[0])
