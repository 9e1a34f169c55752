"""The atlas: the one place that reads or writes the store."""

from __future__ import annotations

from spikeatlas.tasks.atlas import integrity, read, select, write
from spikeatlas.tasks.atlas.create import CODECS, create, remove
from spikeatlas.tasks.atlas.errors import AtlasError, BusyError, OutdatedError
from spikeatlas.tasks.atlas.extend import extend
from spikeatlas.tasks.atlas.groups import GROUPS, TRAINING_VARIABLES
from spikeatlas.tasks.atlas.groups.arrays import size_of
from spikeatlas.tasks.atlas.groups.base import Column, Group
from spikeatlas.tasks.atlas.groups.layer_group import (
    DONE,
    FAILED,
    LANES,
    PENDING,
    SATURATED,
    SILENT,
    STATUS,
    UNPLANNED,
    UNSETTLED,
)
from spikeatlas.tasks.atlas.groups.naturalness_group import UNLIKE
from spikeatlas.tasks.atlas.groups.neurons_group import NATURAL_COLUMNS
from spikeatlas.tasks.atlas.groups.root_group import FLAGS
from spikeatlas.tasks.atlas.layout import Layout, queries, ranks
from spikeatlas.tasks.atlas.lock import coordinator, writing
from spikeatlas.tasks.atlas.metadata import store_of
from spikeatlas.tasks.atlas.open import (
    epoch_row,
    exists,
    holds,
    layout_json,
    layout_of,
    open_store,
    study_of,
    values,
    writable,
)
from spikeatlas.tasks.atlas.read import finished, flagged, layer_nodes, open_tree, sign, unfinished
from spikeatlas.tasks.atlas.select import (
    SEARCH,
    alive,
    at_search,
    best_search,
    by_search,
    cold,
    layer_rows,
    mask,
    settled,
    undefined,
)

__all__ = [
    "CODECS",
    "DONE",
    "FAILED",
    "FLAGS",
    "GROUPS",
    "LANES",
    "NATURAL_COLUMNS",
    "PENDING",
    "SATURATED",
    "SEARCH",
    "SILENT",
    "STATUS",
    "TRAINING_VARIABLES",
    "UNLIKE",
    "UNPLANNED",
    "UNSETTLED",
    "AtlasError",
    "BusyError",
    "Column",
    "Group",
    "Layout",
    "OutdatedError",
    "alive",
    "at_search",
    "best_search",
    "by_search",
    "cold",
    "coordinator",
    "create",
    "epoch_row",
    "exists",
    "extend",
    "finished",
    "flagged",
    "holds",
    "integrity",
    "layer_nodes",
    "layer_rows",
    "layout_json",
    "layout_of",
    "mask",
    "open_store",
    "open_tree",
    "queries",
    "ranks",
    "read",
    "remove",
    "select",
    "settled",
    "sign",
    "size_of",
    "store_of",
    "study_of",
    "undefined",
    "unfinished",
    "values",
    "writable",
    "write",
    "writing",
]
