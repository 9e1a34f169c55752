"""The files that runs of ours made, told from everybody else's: nothing else is written over or removed."""

from __future__ import annotations

from spikeatlas.tasks.atlas.ownership.leavings import Leavings, discard, leavings, remove
from spikeatlas.tasks.atlas.ownership.obstacles import (
    in_the_way,
    obstacles,
    report_files,
    strangers,
    training_files,
)
from spikeatlas.tasks.atlas.ownership.signatures import (
    WRITERS,
    is_checkpoint,
    is_claims,
    is_page,
    is_run_folder,
    is_run_mark,
    is_training_state,
)

__all__ = [
    "WRITERS",
    "Leavings",
    "discard",
    "in_the_way",
    "is_checkpoint",
    "is_claims",
    "is_page",
    "is_run_folder",
    "is_run_mark",
    "is_training_state",
    "leavings",
    "obstacles",
    "remove",
    "report_files",
    "strangers",
    "training_files",
]
