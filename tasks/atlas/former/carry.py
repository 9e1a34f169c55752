"""Bringing over the arrays of an atlas of version 1, chunk by chunk.

Chunks are copied as they are stored, and what cannot be read is, too: damage stays damage, and is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.core.sync import sync

from spikeatlas.tasks.atlas.former.changes import CHANGES, Change, Surroundings
from spikeatlas.tasks.atlas.former.names import former_paths
from spikeatlas.tasks.atlas.groups.arrays import AtlasArray
from spikeatlas.tasks.atlas.integrity import chunk_key, read_rows
from spikeatlas.tasks.atlas.layout import Layout
from spikeatlas.tasks.atlas.open import writable

Place = tuple[int | slice, ...]
"""The first elements of one chunk: a row, a pair of them, or a block of one."""


@dataclass(frozen=True)
class Carrier:
    """An atlas of version 1, and the one of today whose empty arrays it fills."""

    old: zarr.Group
    new: zarr.Group
    layout: Layout
    """Of today's."""
    sign: int
    """1 where the most exciting images were searched, -1 where the least exciting ones were."""

    def carry(self, array: AtlasArray) -> None:
        """Bring over what the old atlas holds of an array, if it knew it."""
        paths = former_paths(array, self.layout.layers)
        change = CHANGES.get(f"{array.group.path}/{array.path.rpartition('/')[2]}")
        if change:
            for at in self._chunks(array):
                self._change(array, paths, at, change)
        elif paths:
            sync(copy(self.old, f"{paths[0]}/c", self.new, f"{array.path}/c"))

    def _chunks(self, array: AtlasArray) -> Iterator[Place]:
        rows = range(len(self.layout.epochs))
        if "stimulus_epoch" in array.variable.dims:
            yield from product(rows, rows)
        elif array.layer and array.variable.of_block:
            size, count = self.layout.blocks[array.layer], len(self.layout.layers[array.layer])
            for row, start in product(rows, range(0, count, size)):
                yield row, slice(start, start + size)
        else:
            yield from ((row,) for row in rows)

    def _change(self, array: AtlasArray, paths: list[str], at: Place, change: Change) -> None:
        """Bring over one chunk whose values are others today."""
        key = chunk_key(self.new[array.path], at).removeprefix(array.path)
        chunks = [self._stored(path + key) for path in paths]
        if None in chunks:
            return
        around = Surroundings(self.layout, self.sign, lambda name: self._beside(array, at, name))
        try:
            values = change([read_rows(self.old[path], at) for path in paths], around)
        except (ValueError, KeyError):
            broken = chunks[self._unreadable(paths, at)]
            assert broken is not None
            sync(self.new.store.set(array.path + key, broken))
        else:
            writable(self.new[array.path])[at] = values

    def _stored(self, key: str) -> Buffer | None:
        return sync(self.old.store.get(key, default_buffer_prototype()))

    def _beside(self, array: AtlasArray, at: Place, name: str) -> NDArray[Any]:
        searches = at[1:] if "stimulus_epoch" in array.variable.dims else at
        layers = [array.layer] if array.layer else list(self.layout.layers)
        parts = [read_rows(self.old[f"layers/{layer}/{name}"], searches) for layer in layers]
        return np.concatenate(parts)

    def _unreadable(self, paths: list[str], at: Place) -> int:
        """Return which of some arrays is the first that cannot be read at a place; 0 where all can."""
        for number, path in enumerate(paths):
            try:
                read_rows(self.old[path], at)
            except (ValueError, KeyError):
                return number
        return 0


async def copy(source: zarr.Group, path: str, target: zarr.Group, new_path: str) -> None:
    """Copy all that is stored below a path, as it is, to below another."""
    async for key in source.store.list_prefix(f"{path}/"):
        content = await source.store.get(key, default_buffer_prototype())
        if content is not None:
            await target.store.set(new_path + key.removeprefix(path), content)
