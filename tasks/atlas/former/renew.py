"""An atlas of version 1 made one of today: what it measured, under today's names, and room for what it did not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xarray as xr
import zarr
from zarr.core.sync import sync
from zarr.storage import MemoryStore

from spikeatlas.snn.data import Split
from spikeatlas.snn.subjects import ChainSpec
from spikeatlas.tasks.atlas.allocate import spike_steps
from spikeatlas.tasks.atlas.create import allocate_arrays, describe
from spikeatlas.tasks.atlas.former.carry import Carrier, copy
from spikeatlas.tasks.atlas.former.names import former_paths
from spikeatlas.tasks.atlas.groups.arrays import AtlasArray, arrays
from spikeatlas.tasks.atlas.groups.base import PIXELS, always
from spikeatlas.tasks.atlas.groups.of_layers.natural_group import TEST_IMAGES
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED
from spikeatlas.tasks.atlas.groups.provenance_group import NODES
from spikeatlas.tasks.atlas.groups.training_group import TRAINING
from spikeatlas.tasks.atlas.integrity import read_rows
from spikeatlas.tasks.atlas.layout import Layout
from spikeatlas.tasks.atlas.metadata import Attributes, arrays_digest, set_attributes, store_of
from spikeatlas.tasks.atlas.open import open_as_is, read_layout, study_of, values, writable
from spikeatlas.tasks.atlas.select import SEARCH, best_rows
from spikeatlas.tasks.atlas.tree import with_sign
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
    new = zarr.open_group(store_of(target, "w"), mode="w", zarr_format=3)
    carrier = Carrier(old, new, layout, int(study_of(old).get("search", {}).get("sign", 1)))
    content = _content(old, layout)
    allocate_arrays(new, layout, content)
    for array in content:
        carrier.carry(array)
    if images is not None:
        writable(new[TEST_IMAGES])[...] = images.images
    for layer in layout.layers:
        _choose_best(carrier, layer)
    describe(target, new, layout, _today(old.attrs), _today(old["provenance"].attrs))
    if "training" in old and "concluded" in old["training"].attrs:
        _carry_training(carrier, target)


def layout_today(old: zarr.Group, test_labels: Iterable[int] = ()) -> Layout:
    """Return the layout of what an atlas of version 1 becomes."""
    fields = json.loads(str(old.attrs["layout"]))
    further = {
        "epochs": values(old, "epoch").tolist(),
        "network": study_of(old)["seed"],
        "spike_steps": _spike_steps(old, fields),
        "test_labels": list(test_labels),
    }
    return read_layout(old, json.dumps({**fields, **further}))


def _spike_steps(old: zarr.Group, fields: dict[str, Any]) -> dict[str, float]:
    """Return what one spike adds to a response; nothing where the study's own code is not on this machine."""
    try:
        network = Study.model_validate(study_of(old)).network
    except ValueError:
        return {}
    # version 1 knew no other network
    assert isinstance(network, ChainSpec)
    infos = network.layer_infos(tuple(fields["image"]), len(fields["classes"]))
    return spike_steps(infos, fields["layers"])


def _today(attributes: Attributes) -> dict[str, Any]:
    """Return attributes as every reader of NetCDF knows them: no truth values, no mappings."""
    return {name: _plain(value) for name, value in attributes.items() if name not in REPLACED}


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def _content(old: zarr.Group, layout: Layout) -> list[AtlasArray]:
    """Return the arrays of today: those that version 1 did not know, and those that the atlas was allocated with.

    As it says itself; one from before it listed its nodes is held to have what it has, and what all had.
    """
    nodes = set(values(old, NODES)) if NODES in old else None

    def is_there(array: AtlasArray) -> bool:
        if nodes is None and array.group.when is always:
            return True
        paths = former_paths(array, layout.layers)
        return all(path in (old if nodes is None else nodes) for path in paths)

    return [array for array in arrays(layout) if is_there(array)]


def _choose_best(carrier: Carrier, layer: str) -> None:
    """Fill ``/best`` of a layer at the epochs that are analysed; nothing where the searches cannot be read."""
    new, layout = carrier.new, carrier.layout
    paths = {"response": "layers", "status": "layers", "mei": "image"}
    for row in range(len(layout.epochs)):
        try:
            if not read_rows(new[ANALYSED], (row,)):
                continue
            data = {n: read_rows(new[f"{kind}/{layer}/{n}"], (row,)) for n, kind in paths.items()}
        except ValueError:
            continue
        dims = {name: (*SEARCH, *PIXELS)[: array.ndim] for name, array in data.items()}
        searches = xr.Dataset(
            {name: (dims[name], array) for name, array in data.items()},
            {"search": list(layout.methods)},
        )
        for name, array in best_rows(with_sign(searches, carrier.sign)).items():
            if name != "place":
                writable(new[f"best/{layer}/{name}"])[row] = array


def _carry_training(carrier: Carrier, target: Path | MemoryStore) -> None:
    """Bring over ``/training``, which is no part of what is allocated."""
    old, new, layout = carrier.old, carrier.new, carrier.layout
    labels = next(array.labels for array in arrays(layout) if array.group.path == "selectivity")
    content = [
        AtlasArray(f"training/{name}", TRAINING, variable, None, labels)
        for name, variable in TRAINING.variables(layout, None).items()
        if f"training/{name}" in old
    ]
    allocate_arrays(new, layout, content)
    for array in content:
        carrier.carry(array)
    for name in ROW_LABELS:
        sync(copy(new, f"neurons/{name}", new, f"training/{name}"))
    names = sorted([*ROW_LABELS, *(array.path.rpartition("/")[2] for array in content)])
    description = {
        "arrays": " ".join(names),
        "coordinates": " ".join(name for name in ROW_LABELS if name != "neuron"),
        "metadata_digest": arrays_digest(new, "training", names),
    }
    set_attributes(target, "training", {**_today(old["training"].attrs), **description})
