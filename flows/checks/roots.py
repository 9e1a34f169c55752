"""The folders in which the paths of a study must lie, on a host that takes studies from others."""

from __future__ import annotations

import os
from pathlib import Path

from spikeatlas.snn.allowed_code import ROOTS
from spikeatlas.tasks.study.study import Study


def outside(study: Study) -> list[str]:
    """Name the paths of a study that are outside of all roots, links followed.

    ``SPIKEATLAS_ROOTS``: folders, separated as in PATH; without it a study may read and write anywhere.
    """
    roots = [Path(root).resolve() for root in os.environ.get(ROOTS, "").split(os.pathsep) if root]
    if not roots:
        return []
    names = ", ".join(map(str, roots))
    return [
        f"{field}: {path} is outside of {names}, the only place where studies may read and write on this host "
        f"({ROOTS}); choose a path there"
        for field, path in _paths(study).items()
        if not any(path.resolve().is_relative_to(root) for root in roots)
    ]


def _paths(study: Study) -> dict[str, Path]:
    """Return every path of a study by its field."""
    paths = {
        "output": study.output,
        "data.root": study.data.root,
        "generator.checkpoint": study.generator.checkpoint,
        **study.network.paths,
    }
    return {field: path for field, path in paths.items() if path is not None}
