"""Reading the atlas: what is done, and its data as xarray objects."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import xarray as xr

from tasks.atlas.schema import FAILED, PENDING
from tasks.atlas.store import open_store, values
from tasks.atlas.write import epoch_row
from tasks.job import Block


def open_tree(path: Path) -> xr.DataTree:
    """The whole atlas, lazily, as anyone without our packages reads it (checked first by us)."""
    open_store(path)
    return xr.open_datatree(path, engine="zarr", consolidated=False)


def layer_nodes(tree: xr.DataTree) -> dict[str, xr.DataTree]:
    """The groups of all layers, shallow to deep (a store lists them in no order)."""
    return {layer: tree["layers"].children[layer] for layer in tree.attrs["layers"]}


def unfinished(path: Path, blocks: Iterable[Block]) -> list[Block]:
    """The blocks with any search pending or failed: these, and no others, are done (again)."""
    root = open_store(path)
    todo = []
    for block in blocks:
        at = (epoch_row(root, block.epoch), slice(block.start, block.stop))
        if np.isin(values(root, f"layers/{block.layer}/status", at), (PENDING, FAILED)).any():
            todo.append(block)
    return todo


def flagged(path: Path, flag: str, epoch: float) -> bool:
    """Whether a per-epoch stage is committed."""
    root = open_store(path)
    return bool(values(root, flag, epoch_row(root, epoch)))


def settled(status: xr.DataArray) -> xr.DataArray:
    """Where a search ended with a result: done, silent or saturated."""
    return (status != PENDING) & (status != FAILED)
