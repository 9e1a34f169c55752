"""The atlas: the one place that reads or writes the store."""

from __future__ import annotations

from spikeatlas.tasks.atlas import integrity, read, select, write
from spikeatlas.tasks.atlas.consolidated import consolidate
from spikeatlas.tasks.atlas.create import CODECS, create
from spikeatlas.tasks.atlas.errors import AtlasError, BusyError, OldError, OutdatedError
from spikeatlas.tasks.atlas.extend import extend
from spikeatlas.tasks.atlas.former.migrate import migrate
from spikeatlas.tasks.atlas.groups import GROUPS, TRAINING_VARIABLES
from spikeatlas.tasks.atlas.groups.arrays import path_of, size_of
from spikeatlas.tasks.atlas.groups.axes import BLANKS
from spikeatlas.tasks.atlas.groups.base import Column, Group
from spikeatlas.tasks.atlas.groups.importance_group import CLASSES
from spikeatlas.tasks.atlas.groups.life_group import LIVED
from spikeatlas.tasks.atlas.groups.naturalness_group import UNLIKE
from spikeatlas.tasks.atlas.groups.neurons_group import NATURAL_COLUMNS
from spikeatlas.tasks.atlas.groups.of_layers.best_group import SOURCES
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import (
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
from spikeatlas.tasks.atlas.groups.of_layers.natural_group import TEST_IMAGES
from spikeatlas.tasks.atlas.groups.progress_group import (
    ABLATED,
    ANALYSED,
    BLANKED,
    EPOCH,
    FLAGS,
    KNOWN,
    OBSERVED,
    SCREENED,
    TRAINED,
)
from spikeatlas.tasks.atlas.layout import SPIKES, TOP_IMAGES, Layout, UnitFields, image_counts
from spikeatlas.tasks.atlas.locking.lock import at_work, coordinator, writing
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
from spikeatlas.tasks.atlas.read import (
    Stamp,
    finished,
    flagged,
    require_searched,
    stamp,
    unfinished,
)
from spikeatlas.tasks.atlas.select import (
    SEARCH,
    alive,
    answered,
    at_search,
    best_rows,
    best_search,
    by_search,
    cold,
    has_mei,
    layer_rows,
    main_sign,
    mask,
    of_sign,
    settled,
    undefined,
    zero_is_silence,
)
from spikeatlas.tasks.atlas.tree import Tree, open_tree

__all__ = [
    "ABLATED",
    "ANALYSED",
    "BLANKED",
    "BLANKS",
    "CLASSES",
    "CODECS",
    "DONE",
    "EPOCH",
    "FAILED",
    "FLAGS",
    "GROUPS",
    "KNOWN",
    "LANES",
    "LIVED",
    "NATURAL_COLUMNS",
    "OBSERVED",
    "PENDING",
    "SATURATED",
    "SCREENED",
    "SEARCH",
    "SILENT",
    "SOURCES",
    "SPIKES",
    "STATUS",
    "TEST_IMAGES",
    "TOP_IMAGES",
    "TRAINED",
    "TRAINING_VARIABLES",
    "UNLIKE",
    "UNPLANNED",
    "UNSETTLED",
    "AtlasError",
    "BusyError",
    "Column",
    "Group",
    "Layout",
    "OldError",
    "OutdatedError",
    "Stamp",
    "Tree",
    "UnitFields",
    "alive",
    "answered",
    "at_search",
    "at_work",
    "best_rows",
    "best_search",
    "by_search",
    "cold",
    "consolidate",
    "coordinator",
    "create",
    "epoch_row",
    "exists",
    "extend",
    "finished",
    "flagged",
    "has_mei",
    "holds",
    "image_counts",
    "integrity",
    "layer_rows",
    "layout_json",
    "layout_of",
    "main_sign",
    "mask",
    "migrate",
    "of_sign",
    "open_store",
    "open_tree",
    "path_of",
    "read",
    "require_searched",
    "select",
    "settled",
    "size_of",
    "stamp",
    "store_of",
    "study_of",
    "undefined",
    "unfinished",
    "values",
    "writable",
    "write",
    "writing",
    "zero_is_silence",
]
