"""Creating, extending and opening the store.

One coordinator creates or extends an atlas, under a lock (``lock.py``); everything planned is allocated
then, so that workers only fill chunks. Every array ends its codecs with a CRC32C checksum: a flipped bit
raises instead of being read as data. Digests of all metadata are kept in ``/provenance``, and of its own
attributes in each group that has some.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.dtypes import StringDType
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.core.group import GroupMetadata
from zarr.core.sync import sync

from spikeatlas.tasks.atlas.errors import AtlasError
from spikeatlas.tasks.atlas.labels import Labels, labels
from spikeatlas.tasks.atlas.schema import SCHEMA_VERSION, Layout, Variable
from spikeatlas.tasks.study.location import Place, Url

Attributes = Mapping[str, Any]
CODECS = (ZstdCodec(level=1), Crc32cCodec())
"""How every array is packed: a flipped bit raises."""

CHECKSUM = "checksum"
"""Attribute of a group: the digest of its others."""

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of Linux: names relative to the working folder; exchange two."""


def create(path: Place, layout: Layout, attributes: Attributes, provenance: Attributes) -> None:
    """Allocate a whole atlas: half of one is never seen.

    A folder is made beside ``path`` and renamed into place; in an object store, where nothing can be renamed, the
    root's attributes come last, and without them there is no atlas.
    """
    building = path if isinstance(path, Url) else path.with_name(path.name + ".new")
    if isinstance(building, Path):
        shutil.rmtree(building, ignore_errors=True)
        building.parent.mkdir(parents=True, exist_ok=True)
    root = zarr.open_group(groups(building, "w"), mode="w", zarr_format=3)
    for group, name, variable, layer in layout.arrays():
        allocate(root, f"{group}/{name}".lstrip("/"), variable, layout, layer)
    for name, axis in labels(layout).items():
        write_labels(root, name, axis)
    found = digests(root)
    root.create_group("provenance")
    for name, axis in found.items():
        write_labels(root, f"provenance/{name}", axis)
    of_digests = {"metadata_digest": arrays_digest(root, "provenance", found)}
    set_attributes(building, "provenance", {**provenance, **of_digests})
    own = {"schema_version": SCHEMA_VERSION, "Conventions": "CF-1.11"}
    set_attributes(building, "", {**own, **attributes})
    if isinstance(building, Path) and isinstance(path, Path):
        building.replace(path)


def groups(path: Place, mode: str = "r") -> Any:
    """What zarr and xarray open as the root group."""
    if isinstance(path, Path):
        return path
    from zarr.storage import ObjectStore  # noqa: PLC0415 - needs an optional package

    return ObjectStore(path.below, read_only=mode == "r")


def exists(path: Place) -> bool:
    """Whether there is an atlas, allocated whole."""
    if isinstance(path, Path):
        recover(path)
        return path.exists()
    try:
        return "schema_version" in zarr.open_group(groups(path), mode="r", zarr_format=3).attrs
    except FileNotFoundError:
        return False


def remove(path: Place) -> None:
    """Discard an atlas, and what a killed extension of it may have left."""
    if isinstance(path, Url):
        sync(groups(path, "w").delete_dir(""))
        return
    for name in (path.name, f"{path.name}.old"):
        shutil.rmtree(path.with_name(name), ignore_errors=True)


def allocate(
    root: zarr.Group, name: str, variable: Variable, layout: Layout, layer: str | None
) -> None:
    """Create one empty array: unwritten chunks take no space."""
    sizes = layout.sizes(layer)
    root.create_array(
        name,
        shape=tuple(sizes[dim] for dim in variable.dims),
        chunks=layout.chunk(variable, layer),
        dtype=StringDType() if variable.dtype is str else variable.dtype,
        fill_value=variable.fill,
        dimension_names=variable.dims,
        compressors=CODECS,
        attributes=variable.attributes(),
    )


def write_labels(root: zarr.Group, name: str, axis: Labels) -> None:
    """Create and fill one labelled axis."""
    text = isinstance(axis.values[0], str)
    values = np.asarray(axis.values, dtype=object if text else None)
    array = root.create_array(
        name,
        shape=values.shape,
        dtype=StringDType() if text else values.dtype,
        fill_value="" if text else 0,
        dimension_names=(axis.dim,),
        compressors=CODECS,
        config={"write_empty_chunks": True},
        attributes={"long_name": axis.long_name, "units": axis.units},
    )
    array[:] = values


def create_table(
    path: Place, name: str, table: xr.Dataset, labels: Mapping[Any, Attributes]
) -> None:
    """Allocate a group for a table that is like ``table``, beside a folder's atlas, and rename it into place."""
    root = open_store(path, "r+")
    building = None if isinstance(path, Url) else path.with_name(f"{path.name}.{name}")
    group = (
        root.create_group(name, overwrite=True)
        if building is None
        else zarr.open_group(building, mode="w", zarr_format=3)
    )
    for key, variable in table.variables.items():
        text = variable.dtype.kind in "OUT"
        group.create_array(
            str(key),
            shape=variable.shape,
            dtype=StringDType() if text else variable.dtype,
            fill_value="" if text else np.nan if variable.dtype.kind == "f" else 0,
            dimension_names=[str(dim) for dim in variable.dims],
            compressors=CODECS,
            attributes=dict(
                labels.get(key, {**variable.attrs, "coordinates": " ".join(map(str, labels))})
            ),
        )
    if building is not None and isinstance(path, Path):
        building.replace(path / name)


def digests(group: zarr.Group) -> dict[str, Labels]:
    """What is below ``group``, and the digest of the metadata of each."""
    nodes = sorted(name for name, _ in group.members(max_depth=None))
    found = [digest(metadata(group, name) or b"") for name in nodes]
    return {
        "node": Labels("node", nodes, "array or group of the atlas"),
        "metadata_digest": Labels("node", found, "first digits of the SHA-256 of its metadata"),
    }


def arrays_digest(root: zarr.Group, group: str, names: Iterable[str]) -> str:
    """One digest of the metadata of some arrays of a group."""
    return digest(b"".join(metadata(root, f"{group}/{name}") or b"" for name in names))


def digest(content: bytes) -> str:
    """Enough of a SHA-256 (hex) to tell damage."""
    return hashlib.sha256(content).hexdigest()[:16]


def metadata(group: zarr.Group, name: str) -> bytes | None:
    """The metadata of a node below ``group`` as it is stored; None where it has none."""
    key = f"{group.path}/{name}/zarr.json".lstrip("/")
    found = sync(group.store.get(key, default_buffer_prototype()))
    return None if found is None else found.to_bytes()


def checksum(attributes: Attributes) -> str:
    """The digest of a group's other attributes."""
    held = {name: value for name, value in attributes.items() if name != CHECKSUM}
    return digest(json.dumps(held, sort_keys=True).encode())


def group_metadata(attributes: Attributes) -> Buffer:
    """What is stored of a group with these attributes."""
    whole = GroupMetadata(attributes=dict(attributes), zarr_format=3)
    return whole.to_buffer_dict(default_buffer_prototype())["zarr.json"]


def set_attributes(path: Place, group: str, attributes: Attributes) -> None:
    """Replace the attributes of a group, and their checksum.

    As zarr would, but that the new file comes from outside of the atlas: xarray warns of what it does not
    know in a folder that it lists.
    """
    told = json.loads(json.dumps(dict(attributes)))
    content = group_metadata({**told, CHECKSUM: checksum(told)})
    if isinstance(path, Url):
        sync(groups(path, "r+").set(f"{group}/zarr.json".lstrip("/"), content))
        return
    file, partial = path / group / "zarr.json", path.with_name(f".{path.name}.partial")
    partial.write_bytes(content.to_bytes())
    try:
        partial.replace(file)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # the atlas is on another disk than its neighbours
        partial.unlink()
        partial = file.with_name(".zarr.json.partial")
        partial.write_bytes(content.to_bytes())
        partial.replace(file)


def open_store(path: Place, mode: str = "r") -> zarr.Group:
    """The atlas as a Zarr group.

    Raises FileNotFoundError when there is none, AtlasError when it is damaged or newer than this program.
    """
    absent = (
        f"there is no atlas at {path}: give the path of an atlas.zarr folder that a run has written"
    )
    if isinstance(path, Path):
        recover(path)
        if not path.exists():
            raise FileNotFoundError(absent)
    try:
        root = zarr.open_group(groups(path, mode), mode=mode, zarr_format=3)  # type: ignore[arg-type]
        version = int(root.attrs["schema_version"])  # type: ignore[arg-type]
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
    return f"{path} is not an atlas, or its zarr.json is damaged ({error}): restore it, or run again with --fresh"


def writable(array: Any) -> zarr.Array[Any]:
    """The array, writing every chunk even where it equals the fill value: a missing chunk is damage."""
    return array.with_config({"write_empty_chunks": True})  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Opened:
    """Arrays of an atlas, ready to be written."""

    epochs: NDArray[np.float64]
    """Epochs by row."""
    arrays: Mapping[str, Any]
    """Arrays by their path in the atlas."""


def opened(path: Place, names: Iterable[str]) -> Opened:
    """Arrays to write, opened once for as long as the same tree is at ``path``: it takes as long as to fill them.

    Raises as ``open_store``.
    """
    names = tuple(names)
    if isinstance(path, Url):
        return _open(path, names)
    try:
        held = (path / "zarr.json").stat()
    except OSError:
        # finishes a killed extension, or says what is wrong
        return _open(path, names)
    return _open_once(path, names, held.st_ino, held.st_mtime_ns)


@lru_cache(maxsize=64)
def _open_once(path: Path, names: tuple[str, ...], _inode: int, _changed: int) -> Opened:
    return _open(path, names)


def _open(path: Place, names: tuple[str, ...]) -> Opened:
    root = open_store(path, "r+")
    return Opened(values(root, "epoch"), {name: writable(root[name]) for name in names})


def extend(path: Place, old: Layout, layout: Layout) -> None:
    """Add epochs: build a new tree beside the old one, copy what it holds, and swap it in.

    Readers find one or the other, whole; a kill leaves the old tree or the new one. AtlasError in an object store,
    which cannot exchange two trees.
    """
    if isinstance(path, Url):
        new = ", ".join(f"{epoch:g}" for epoch in layout.epochs if epoch not in old.epochs)
        message = (
            f"epoch {new} has no place in {path}, and an atlas in an object store cannot grow: choose another atlas, "
            "run with --fresh, or name all epochs from the start (watch.max_epochs)"
        )
        raise AtlasError(message)
    source = open_store(path)
    grown = path.with_name(path.name + ".grown")
    shutil.rmtree(grown, ignore_errors=True)
    create(grown, layout, dict(source.attrs), dict(source["provenance"].attrs))
    rows = {old_row: layout.epochs.index(epoch) for old_row, epoch in enumerate(old.epochs)}
    for group, name, variable, _ in layout.arrays():
        axes = sum(dim in ("epoch", "stimulus_epoch") for dim in variable.dims)
        _copy_epochs(path / group / name / "c", grown / group / name / "c", rows, axes)
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
        retired = path.with_name(path.name + ".old")
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


def recover(path: Path) -> None:
    """Finish an extension that was killed between its two renames."""
    retired = path.with_name(path.name + ".old")
    if retired.exists() and not path.exists():
        retired.replace(path)


def study_of(root: zarr.Group) -> dict[str, Any]:
    """The study that made the atlas."""
    return dict(json.loads(str(root.attrs["study"])))


def layout_of(root: zarr.Group) -> Layout:
    """The layout an atlas was allocated with."""
    fields: dict[str, Any] = json.loads(str(root.attrs["layout"]))
    fields["epochs"] = values(root, "epoch").tolist()
    fields["layers"] = {layer: tuple(neurons) for layer, neurons in fields["layers"].items()}
    frozen: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    return Layout(**frozen)


def values(root: zarr.Group, name: str, at: Any = ...) -> NDArray[Any]:
    """The values of one array of the store, or of a part of it."""
    array: Any = root[name]
    return np.asarray(array[at])


def layout_json(layout: Layout) -> str:
    """The layout but for its epochs, which the store itself names, as JSON for the root's attributes."""
    fields = {key: value for key, value in vars(layout).items() if key != "epochs"}
    return json.dumps(fields)
