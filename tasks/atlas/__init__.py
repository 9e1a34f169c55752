"""The atlas: the one place that reads or writes the store."""

from __future__ import annotations

from spikeatlas.tasks.atlas.errors import AtlasError, BusyError
from spikeatlas.tasks.atlas.lock import coordinator
from spikeatlas.tasks.atlas.read import finished, flagged, open_tree, settled, unfinished
from spikeatlas.tasks.atlas.schema import Layout
from spikeatlas.tasks.atlas.store import create, exists, extend, open_store, remove

__all__ = [
    "AtlasError", "BusyError", "Layout", "coordinator", "create", "exists", "extend", "finished", "flagged", "open_store",
    "open_tree", "remove", "settled", "unfinished",
]  # fmt: skip
