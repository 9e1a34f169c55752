"""Creating, extending and opening the store.

One coordinator creates or extends an atlas, under a lock (``lock.py``); everything planned is allocated
then, so that workers only fill chunks. Every array ends its codecs with a CRC32C checksum: a flipped bit
raises instead of being read as data.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.dtypes import StringDType
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.buffer import default_buffer_prototype
from zarr.core.group import GroupMetadata

from tasks.atlas.labels import Labels, labels
from tasks.atlas.schema import SCHEMA_VERSION, Layout, Variable

Attributes = Mapping[str, Any]
CODECS = (ZstdCodec(level=1), Crc32cCodec())
"""How every array is packed: a flipped bit raises."""


AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of Linux: names relative to the working folder; exchange two."""


class AtlasError(ValueError):
    """An atlas that cannot be used as asked: the message says why and what to do."""


def create(path: Path, layout: Layout, attributes: Attributes, provenance: Attributes) -> None:
    """Allocate a whole atlas beside ``path`` and rename it into place: half an atlas is never seen."""
    building = path.with_name(path.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    building.parent.mkdir(parents=True, exist_ok=True)
    root = zarr.open_group(building, mode="w", zarr_format=3)
    for group, name, variable, layer in layout.arrays():
        allocate(root, f"{group}/{name}".lstrip("/"), variable, layout, layer)
    for name, axis in labels(layout).items():
        write_labels(root, name, axis)
    root.create_group("provenance", attributes=dict(provenance))
    root.attrs.update({"schema_version": SCHEMA_VERSION, "Conventions": "CF-1.11", **attributes})
    building.replace(path)


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
    path: Path, name: str, table: xr.Dataset, labels: Mapping[Any, Attributes]
) -> None:
    """Allocate a group for a table that is like ``table``, beside the atlas, and rename it into place."""
    building = path.with_name(f"{path.name}.{name}")
    group = zarr.open_group(building, mode="w", zarr_format=3)
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
    building.replace(path / name)


def set_attributes(path: Path, group: str, attributes: Attributes) -> None:
    """Replace the attributes of a group.

    As zarr would, but that the new file comes from outside of the atlas: xarray warns of what it does not
    know in a folder that it lists.
    """
    metadata = GroupMetadata(attributes=dict(attributes), zarr_format=3)
    content = metadata.to_buffer_dict(default_buffer_prototype())["zarr.json"].to_bytes()
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path / group / "zarr.json")


def open_store(path: Path, mode: str = "r") -> zarr.Group:
    """The atlas as a Zarr group.

    Raises FileNotFoundError when there is none, AtlasError when it is damaged or newer than this program.
    """
    recover(path)
    if not path.exists():
        message = f"there is no atlas at {path}: give the path of an atlas.zarr folder that a run has written"
        raise FileNotFoundError(message)
    try:
        root = zarr.open_group(path, mode=mode, zarr_format=3)  # type: ignore[arg-type]
        version = int(root.attrs["schema_version"])  # type: ignore[arg-type]
    except (OSError, KeyError, TypeError, ValueError) as error:
        message = f"{path} is not an atlas, or its zarr.json is damaged ({error}): restore it, or run again with --fresh"
        raise AtlasError(message) from error
    if version > SCHEMA_VERSION:
        message = f"{path} has schema version {version}, newer than {SCHEMA_VERSION}, the newest known here: upgrade spikeatlas"
        raise AtlasError(message)
    return root


def writable(array: Any) -> zarr.Array[Any]:
    """The array, writing every chunk even where it equals the fill value: a missing chunk is damage."""
    return array.with_config({"write_empty_chunks": True})  # type: ignore[no-any-return]


def extend(path: Path, old: Layout, layout: Layout) -> None:
    """Add epochs: build a new tree beside the old one, copy what it holds, and swap it in.

    Readers find one or the other, whole; a kill leaves the old tree or the new one.
    """
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
