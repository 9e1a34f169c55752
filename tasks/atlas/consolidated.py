"""Consolidated metadata: all there is in one file, so that an atlas opens with one read, never stale.

Every writer comes through ``open_store`` and so takes them away before its first write; the last one, a run that
ends, writes them anew. Who finds them may trust them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import zarr
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from spikeatlas.snn.atomic import write_atomically
from spikeatlas.tasks.atlas.groups import GROUPS
from spikeatlas.tasks.atlas.metadata import metadata, store_of
from spikeatlas.tasks.atlas.open import layout_of, open_store
from spikeatlas.tasks.study.location import Place

KEY = "consolidated_metadata"
"""Of the root's own metadata, where Zarr keeps them."""


def consolidate(path: Place) -> None:
    """Write the consolidated metadata of an atlas that nobody writes to, groups and variables in the order of ``GROUPS``."""
    root = open_store(path)
    if root.metadata.consolidated_metadata is None:
        nodes = {name: json.loads(metadata(root, name) or b"{}") for name in _in_order(root)}
        content = json.loads(metadata(root, "") or b"{}")
        whole = {**content, KEY: {"kind": "inline", "must_understand": False, "metadata": nodes}}
        text = json.dumps(whole).encode()
        if isinstance(path, Path):
            write_atomically(path / "zarr.json", text, beside=path)
        else:
            buffer = default_buffer_prototype().buffer.from_bytes(text)
            sync(store_of(path, "r+").set("zarr.json", buffer))


def stale(root: zarr.Group) -> list[str]:
    """List the nodes of which the consolidated metadata, if there are some, do not say what the store holds."""
    content = json.loads(metadata(root, "") or b"{}")
    if KEY not in content:
        return []
    copies: dict[str, Any] = content[KEY]["metadata"]
    there = _nodes(root)
    wrong = [name for name in copies if json.loads(metadata(root, name) or b"{}") != copies[name]]
    return sorted({*wrong, *(there ^ {*copies})})


def _in_order(root: zarr.Group) -> list[str]:
    """List all nodes below ``root`` as Zarr needs them, by depth, and else in the order of the groups' tables."""
    layout = layout_of(root)
    order: dict[str, int] = {}
    for group in GROUPS:
        for layer in layout.layers if group.of_layer else [None]:
            path = group.at(layer)
            variables = [f"{path}/{name}" for name in group.variables(layout, layer)]
            for name in (*_parents(path), path, *variables):
                order.setdefault(name, len(order))
    last = len(order)

    def place(name: str) -> tuple[Any, ...]:
        parent = name.rpartition("/")[0]
        return name.count("/"), order.get(parent, last), order.get(name, last), name

    return sorted(_nodes(root), key=place)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _nodes(root: zarr.Group) -> set[str]:
    """Return the paths of all that the store holds, read node by node."""
    plain = zarr.open_group(root.store_path, mode="r", zarr_format=3, use_consolidated=False)
    return {name for name, _ in plain.members(max_depth=None)}
