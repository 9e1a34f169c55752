"""Creating an atlas: everything planned is allocated at once, so that workers only fill chunks.

One coordinator creates or extends an atlas, under a lock (``lock.py``). Every array ends its codecs with a CRC32C
checksum: a flipped bit raises instead of being read as data.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.dtypes import StringDType
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.sync import sync

from spikeatlas.tasks.atlas.groups.arrays import AtlasArray, arrays, chunk, labels
from spikeatlas.tasks.atlas.groups.base import AxisLabels
from spikeatlas.tasks.atlas.layout import Layout
from spikeatlas.tasks.atlas.metadata import (
    Attributes,
    arrays_digest,
    digests,
    set_attributes,
    store_of,
)
from spikeatlas.tasks.atlas.open import SCHEMA_VERSION, open_store
from spikeatlas.tasks.study.location import Place, Url

CODECS = (ZstdCodec(level=1), Crc32cCodec())
"""How every array is packed: a flipped bit raises."""


def create(
    path: Place,
    layout: Layout,
    attributes: Attributes,
    provenance: Attributes,
    content: Sequence[AtlasArray] | None = None,
) -> None:
    """Allocate a whole atlas, of all arrays or of those of ``content``: half of one is never seen.

    A folder is made beside ``path`` and renamed into place; in an object store, where nothing can be renamed, the
    root's attributes come last, and without them there is no atlas.
    """
    building = path if isinstance(path, Url) else path.with_name(path.name + ".new")
    if isinstance(building, Path):
        shutil.rmtree(building, ignore_errors=True)
        building.parent.mkdir(parents=True, exist_ok=True)
    root = zarr.open_group(store_of(building, "w"), mode="w", zarr_format=3)
    content = list(arrays(layout)) if content is None else content
    for array in content:
        _allocate(root, array, layout)
    groups = {_group(array.path) for array in content}
    for name, axis in labels(layout).items():
        if _group(name) in groups:
            _write_labels(root, name, axis)
    nodes = digests(root)
    root.create_group("provenance")
    for name, axis in nodes.items():
        _write_labels(root, f"provenance/{name}", axis)
    of_digests = {"metadata_digest": arrays_digest(root, "provenance", nodes)}
    set_attributes(building, "provenance", {**provenance, **of_digests})
    conventions = {"schema_version": SCHEMA_VERSION, "Conventions": "CF-1.11"}
    set_attributes(building, "", {**conventions, **attributes})
    if isinstance(building, Path) and isinstance(path, Path):
        building.replace(path)


def _group(name: str) -> str:
    return name.rpartition("/")[0]


def remove(path: Place) -> None:
    """Discard an atlas, and what a killed extension of it may have left."""
    if isinstance(path, Url):
        sync(store_of(path, "w").delete_dir(""))
        return
    for name in (path.name, f"{path.name}.old"):
        shutil.rmtree(path.with_name(name), ignore_errors=True)


def _allocate(root: zarr.Group, array: AtlasArray, layout: Layout) -> None:
    """Create one empty array: unwritten chunks take no space."""
    variable, sizes = array.variable, layout.sizes(array.layer)
    root.create_array(
        array.path,
        shape=tuple(sizes[dim] for dim in variable.dims),
        chunks=chunk(layout, variable, array.layer),
        dtype=StringDType() if variable.dtype is str else variable.dtype,
        fill_value=variable.fill,
        dimension_names=variable.dims,
        compressors=CODECS,
        attributes=variable.attributes(),
    )


def _write_labels(root: zarr.Group, name: str, axis: AxisLabels) -> None:
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
    path: Place, name: str, table: xr.Dataset, coordinates: Mapping[Any, Attributes]
) -> None:
    """Allocate a group for a table that is like ``table``, beside a folder's atlas, and rename it into place."""
    root = open_store(path, "r+")
    building = None if isinstance(path, Url) else path.with_name(f"{path.name}.{name}")
    group = (
        root.create_group(name, overwrite=True)
        if building is None
        else zarr.open_group(building, mode="w", zarr_format=3)
    )
    named = {"coordinates": " ".join(map(str, coordinates))}
    for key, variable in table.variables.items():
        text = variable.dtype.kind in "OUT"
        group.create_array(
            str(key),
            shape=variable.shape,
            dtype=StringDType() if text else variable.dtype,
            fill_value="" if text else np.nan if variable.dtype.kind == "f" else 0,
            dimension_names=[str(dim) for dim in variable.dims],
            compressors=CODECS,
            attributes=dict(coordinates.get(key, {**variable.attrs, **named})),
        )
    if building is not None and isinstance(path, Path):
        building.replace(path / name)
