"""A user's checkpoints: finding their files, reading them without executing code, putting them into a module."""

from __future__ import annotations

from spikeatlas.snn.modules.saved.checkpoint_files import (
    checkpoint_files,
    checkpoint_folder,
    checkpoint_paths,
    pattern_problem,
    place_of,
)
from spikeatlas.snn.modules.saved.checkpoint_tables import put_checkpoint
from spikeatlas.snn.modules.saved.checkpoint_tensors import StoredCheckpoint, read_checkpoint
from spikeatlas.snn.modules.saved.finite_weights import require_finite

__all__ = [
    "StoredCheckpoint",
    "checkpoint_files",
    "checkpoint_folder",
    "checkpoint_paths",
    "pattern_problem",
    "place_of",
    "put_checkpoint",
    "read_checkpoint",
    "require_finite",
]
