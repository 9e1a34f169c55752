"""The atlas: the one place that reads or writes the store."""

from __future__ import annotations

from tasks.atlas.lock import BusyError, coordinator
from tasks.atlas.read import finished, flagged, open_tree, settled, unfinished
from tasks.atlas.schema import Layout
from tasks.atlas.store import AtlasError, create, extend, open_store

__all__ = [
    "AtlasError", "BusyError", "Layout", "coordinator", "create", "extend", "finished", "flagged", "open_store", "open_tree",
    "settled", "unfinished",
]  # fmt: skip
