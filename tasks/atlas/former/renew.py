"""An atlas of version 1 made one of today: what it measured, under today's names, and room for what it did not.

Chunks are copied as they are stored, and what cannot be read is, too: damage stays damage, and is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import MemoryStore

from spikeatlas.snn.data import Split
from spikeatlas.tasks.atlas.allocate import spike_steps
from spikeatlas.tasks.atlas.create import allocate_arrays, describe
from spikeatlas.tasks.atlas.former.changes import CHANGES, Change, Surroundings
from spikeatlas.tasks.atlas.former.names import former_paths
from spikeatlas.tasks.atlas.groups.arrays import AtlasArray, arrays
from spikeatlas.tasks.atlas.groups.base import always
from spikeatlas.tasks.atlas.groups.natural_group import TEST_IMAGES
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED
from spikeatlas.tasks.atlas.groups.provenance_group import NODES
from spikeatlas.tasks.atlas.groups.training_group import TRAINING
from spikeatlas.tasks.atlas.integrity import chunk_key, read_rows
from spikeatlas.tasks.atlas.layout import Layout
from spikeatlas.tasks.atlas.metadata import Attributes, arrays_digest, set_attributes, store_of
from spikeatlas.tasks.atlas.open import open_as_is, read_layout, study_of, values, writable
from spikeatlas.tasks.atlas.select import best_rows
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.study import Study

REPLACED = ("layout", "checksum", "metadata_digest", "schema_version", "Conventions")
"""Attributes that are written anew."""

ROW_LABELS = ("layer", "network", "neuron", "neuron_index")
"""Labels of ``/training``, which are those of ``/neurons``."""


def renew(path: Place, target: Path | MemoryStore, images: Split | None = None) -> None:
    """Make an atlas of today, in memory or in a folder, of one of version 1.

    ``images``: the test images, where they are at hand.
    """
    old = open_as_is(path)
    layout = layout_today(old, () if images is None else images.labels.tolist())
    root = zarr.open_group(store_of(target, "w"), mode="w", zarr_format=3)
    content = _content(old, layout)
    allocate_arrays(root, layout, content)
    for array in content:
        _fill(old, root, layout, array)
    if images is not None:
        writable(root[TEST_IMAGES])[...] = images.images
    for layer in layout.layers:
        _choose_best(root, layout, layer, sign_of(old))
    origin = _today(old["provenance"].attrs)
    describe(target, root, layout, _today(old.attrs), origin)
    if "training" in old and "concluded" in old["training"].attrs:
        _fill_training(old, root, target, layout)


def layout_today(old: zarr.Group, test_labels: Iterable[int] = ()) -> Layout:
    """Return the layout of what an atlas of version 1 becomes."""
    fields = json.loads(str(old.attrs["layout"]))
    later = {
        "epochs": values(old, "epoch").tolist(),
        "network": study_of(old)["seed"],
        "spike_steps": _spike_steps(old, fields),
        "test_labels": list(test_labels),
    }
    return read_layout(old, json.dumps({**fields, **later}))


def _spike_steps(old: zarr.Group, fields: dict[str, Any]) -> dict[str, float]:
    """Return what one spike adds to a response; nothing where the study's own code is not on this machine."""
    try:
        network = Study.model_validate(study_of(old)).network
    except ValueError:
        return {}
    return spike_steps(network, tuple(fields["image"]), fields["layers"])


def sign_of(old: zarr.Group) -> int:
    """Return 1 where the most exciting images were searched, -1 where the least exciting ones were."""
    return int(study_of(old).get("search", {}).get("sign", 1))


def _today(attributes: Attributes) -> dict[str, Any]:
    """Return attributes as every reader of NetCDF knows them: no truth values, no mappings."""
    others = {name: value for name, value in attributes.items() if name not in REPLACED}
    return {name: _plain(value) for name, value in others.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def _content(old: zarr.Group, layout: Layout) -> list[AtlasArray]:
    """Return the arrays of today: those that version 1 did not know, and those that the atlas was allocated with.

    As it says itself; one from before it listed its nodes is held to have what it has, and what all had.
    """
    nodes = set(values(old, NODES)) if NODES in old else None

    def had(array: AtlasArray) -> bool:
        if nodes is None and array.group.when is always:
            return True
        places = former_paths(array, layout.layers)
        return all(place in (old if nodes is None else nodes) for place in places)

    return [array for array in arrays(layout) if had(array)]


def _fill(old: zarr.Group, root: zarr.Group, layout: Layout, array: AtlasArray) -> None:
    """Bring over what the old atlas holds of an array."""
    places = former_paths(array, layout.layers)
    change = CHANGES.get(f"{array.group.path}/{array.path.rpartition('/')[2]}")
    if change:
        for at in _chunks(layout, array):
            _change(old, root, layout, (array, places, at), change)
    elif places:
        sync(_copy(old, f"{places[0]}/c", root, f"{array.path}/c"))


async def _copy(old: zarr.Group, name: str, root: zarr.Group, copy: str) -> None:
    """Copy all that is stored below a name, as it is."""
    async for key in old.store.list_prefix(f"{name}/"):
        content = await old.store.get(key, default_buffer_prototype())
        await root.store.set(copy + key.removeprefix(name), content)


def _chunks(layout: Layout, array: AtlasArray) -> Iterator[tuple[Any, ...]]:
    """Yield the place of each chunk of an array: a row, a pair of them, or a block of one."""
    rows = range(len(layout.epochs))
    if "stimulus_epoch" in array.variable.dims:
        yield from product(rows, rows)
    elif array.layer and array.variable.of_block:
        size, count = layout.blocks[array.layer], len(layout.layers[array.layer])
        for row, start in product(rows, range(0, count, size)):
            yield row, slice(start, start + size)
    else:
        yield from ((row,) for row in rows)


def _change(
    old: zarr.Group,
    root: zarr.Group,
    layout: Layout,
    part: tuple[AtlasArray, list[str], tuple[Any, ...]],
    change: Change,
) -> None:
    """Bring over one chunk whose values are others today; what cannot be read as it is."""
    array, places, at = part
    key = chunk_key(root[array.path], at).removeprefix(array.path)
    stored = [sync(old.store.get(place + key, default_buffer_prototype())) for place in places]
    if any(chunk is None for chunk in stored):
        return

    searched = at[1:] if "stimulus_epoch" in array.variable.dims else at
    owners = [array.layer] if array.layer else list(layout.layers)

    def beside(name: str) -> NDArray[Any]:
        return np.concatenate([read_rows(old[f"layers/{layer}/{name}"], searched) for layer in owners])

    try:
        before = [np.asarray(read_rows(old[place], at)) for place in places]
        writable(root[array.path])[at] = change(before, Surroundings(layout, sign_of(old), beside))
    except (ValueError, KeyError):
        sync(root.store.set(array.path + key, stored[_unreadable(old, places, at)]))


def _unreadable(old: zarr.Group, places: list[str], at: tuple[Any, ...]) -> int:
    """Return the first of some arrays that cannot be read at a place; the first of all where that can."""
    for number, place in enumerate(places):
        try:
            read_rows(old[place], at)
        except (ValueError, KeyError):
            return number
    return 0


def _choose_best(root: zarr.Group, layout: Layout, layer: str, sign: int) -> None:
    """Fill ``/best`` of a layer at the epochs that are analysed; nothing where the searches cannot be read."""
    names = {"response": "layers", "status": "layers", "mei": "image"}
    searches = {name: root[f"{kind}/{layer}/{name}"] for name, kind in names.items()}
    for row in range(len(layout.epochs)):
        try:
            if not read_rows(root[ANALYSED], (row,)):
                continue
            data = {
                name: (array.metadata.dimension_names[1:], read_rows(array, (row,)))
                for name, array in searches.items()
            }
        except ValueError:
            continue
        best = best_rows(xr.Dataset(data, {"search": list(layout.methods)}), sign)
        for name, chosen in best.items():
            if name != "place":
                writable(root[f"best/{layer}/{name}"])[row] = chosen


def _fill_training(old: zarr.Group, root: zarr.Group, target: Any, layout: Layout) -> None:
    """Bring over ``/training``, which is no part of what is allocated."""
    labels = next(array.labels for array in arrays(layout) if array.group.path == "selectivity")
    variables = TRAINING.variables(layout, None)
    content = [
        AtlasArray(f"training/{name}", TRAINING, variable, None, labels)
        for name, variable in variables.items()
        if f"training/{name}" in old
    ]
    allocate_arrays(root, layout, content)
    for array in content:
        _fill(old, root, layout, array)
    for name in ROW_LABELS:
        sync(_copy(root, f"neurons/{name}", root, f"training/{name}"))
    names = sorted([*ROW_LABELS, *(array.path.rpartition("/")[2] for array in content)])
    own = {
        "arrays": " ".join(names),
        "coordinates": " ".join(name for name in ROW_LABELS if name != "neuron"),
        "metadata_digest": arrays_digest(root, "training", names),
    }
    set_attributes(target, "training", {**_today(old["training"].attrs), **own})
