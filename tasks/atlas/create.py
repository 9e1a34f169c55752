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
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.storage import MemoryStore

from spikeatlas.snn.training import EPOCHS
from spikeatlas.tasks.atlas.groups.arrays import AtlasArray, arrays, chunk, labels
from spikeatlas.tasks.atlas.groups.axes import AxisLabels, network_label
from spikeatlas.tasks.atlas.layout import Layout
from spikeatlas.tasks.atlas.metadata import (
    BUILDING,
    Attributes,
    arrays_digest,
    digests,
    set_attributes,
    store_of,
)
from spikeatlas.tasks.atlas.open import SCHEMA_VERSION, layout_json, open_store, writable
from spikeatlas.tasks.study.location import Place, Url, beside

CODECS = (ZstdCodec(level=1), Crc32cCodec())
"""How every array is packed: a flipped bit raises."""


def create(
    path: Place,
    layout: Layout,
    attributes: Attributes,
    provenance: Attributes,
    content: Sequence[AtlasArray] | None = None,
    filled: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Allocate a whole atlas, of all arrays or of those of ``content``: half of one is never seen.

    ``filled``: values that are known from the start, by path.

    A folder is made beside ``path`` and renamed into place; in an object store, where nothing can be renamed, the
    root's attributes come last, and without them there is no atlas.
    """
    building = path if isinstance(path, Url) else beside(path, "new")
    if isinstance(building, Path):
        shutil.rmtree(building, ignore_errors=True)
        building.parent.mkdir(parents=True, exist_ok=True)
    root = zarr.open_group(
        store_of(building, "w"), mode="w", zarr_format=3, attributes=dict(BUILDING)
    )
    allocate_arrays(root, layout, list(arrays(layout)) if content is None else content)
    for name, values in (filled or {}).items():
        writable(root[name])[...] = values
    describe(building, root, layout, attributes, provenance)
    if isinstance(building, Path) and isinstance(path, Path):
        building.replace(path)


def allocate_arrays(root: zarr.Group, layout: Layout, content: Sequence[AtlasArray]) -> None:
    """Create empty arrays, and the labels of their groups."""
    for array in content:
        _allocate(root, array, layout)
    groups = {_group(array.path) for array in content}
    for name, label in labels(layout).items():
        if _group(name) in groups:
            _write_labels(root, name, label)


def describe(
    building: Place | MemoryStore,
    root: zarr.Group,
    layout: Layout,
    attributes: Attributes,
    provenance: Attributes,
) -> None:
    """Write ``/provenance``, which lists all that ``root`` holds, and at last the root's attributes."""
    nodes = digests(root)
    root.create_group("provenance")
    for name, label in {**nodes, **network_label(layout)}.items():
        _write_labels(root, f"provenance/{name}", label)
    description = {
        "layout": layout_json(layout),
        "coordinates": "network",
        "metadata_digest": arrays_digest(root, "provenance", nodes),
    }
    set_attributes(building, "provenance", {**provenance, **description})
    conventions = {"schema_version": SCHEMA_VERSION, "Conventions": "CF-1.11"}
    set_attributes(building, "", {**conventions, **attributes})


def _group(name: str) -> str:
    return name.rpartition("/")[0]


def _allocate(root: zarr.Group, array: AtlasArray, layout: Layout) -> None:
    """Create one empty array: unwritten chunks take no space."""
    variable, place = array.variable, (layout.axis or EPOCHS).units
    root.create_array(
        array.path,
        shape=array.shape,
        chunks=chunk(layout, array),
        dtype=StringDType() if variable.dtype is str else variable.dtype,
        fill_value=variable.fill,
        dimension_names=variable.dims,
        compressors=CODECS,
        attributes={**variable.attributes(place), "coordinates": array.coordinates},
    )


def _write_labels(root: zarr.Group, name: str, label: AxisLabels) -> None:
    """Create and fill one labelled axis, or a label of all there is."""
    text = isinstance(label.values[0], str)
    values = np.asarray(label.values, dtype=object if text else None)
    array = root.create_array(
        name,
        shape=values.shape if label.dim else (),
        dtype=StringDType() if text else values.dtype,
        fill_value="" if text else 0,
        dimension_names=label.dims,
        compressors=CODECS,
        config={"write_empty_chunks": True},
        attributes=label.attributes(),
    )
    array[...] = values if label.dim else values[0]


def create_table(path: Place, name: str, table: xr.Dataset, labels: Mapping[Any, Any]) -> None:
    """Allocate a group for a table that is like ``table``, beside a folder's atlas, and rename it into place.

    ``labels``: attributes of its coordinates.
    """
    root = open_store(path, "r+")
    building = None if isinstance(path, Url) else beside(path, name)
    group = (
        root.create_group(name, overwrite=True)
        if building is None
        else zarr.open_group(building, mode="w", zarr_format=3)
    )
    named = {"coordinates": " ".join(name for name in map(str, labels) if name not in table.dims)}
    for key, variable in table.variables.items():
        text = variable.dtype.kind in "OUT"
        fill = (
            ""
            if text
            else np.nan
            if variable.dtype.kind == "f"
            else variable.attrs.get("_FillValue", 0)
        )
        group.create_array(
            str(key),
            shape=variable.shape,
            dtype=StringDType() if text else variable.dtype,
            fill_value=fill,
            dimension_names=[str(dim) for dim in variable.dims],
            compressors=CODECS,
            attributes=dict(labels.get(key, {**variable.attrs, **named})),
        )
    if building is not None and isinstance(path, Path):
        building.replace(path / name)
