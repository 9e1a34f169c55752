"""Where the paths of a study may lie, on a host that takes studies from others."""

from __future__ import annotations

import os
from pathlib import Path

from spikeatlas.snn.generators import AdapterSpec
from spikeatlas.tasks.study.study import Study

VARIABLE = "SPIKEATLAS_ROOTS"
"""Folders, separated as in PATH: with it set, a study may read and write there alone."""


def outside(study: Study) -> list[str]:
    """A sentence for what a study may not do here: use a path outside of all roots (links followed), or bring a function."""
    roots = [
        Path(root).resolve() for root in os.environ.get(VARIABLE, "").split(os.pathsep) if root
    ]
    if not roots:
        return []
    told = ", ".join(map(str, roots))
    if isinstance(study.generator, AdapterSpec):
        message = (
            f"generator.adapter: studies may not name functions to run on this host ({VARIABLE} is set); run this one "
            "with 'spikeatlas run' where it is not set"
        )
        return [message]
    return [
        f"{field}: {path} is outside of {told}, the only place where studies may read and write on this host "
        f"({VARIABLE}); choose a path there"
        for field, path in paths(study).items()
        if not any(path.resolve().is_relative_to(root) for root in roots)
    ]


def paths(study: Study) -> dict[str, Path]:
    """Every path of a study by its field."""
    found = {
        "output": study.output,
        "data.root": study.data.root,
        "network.checkpoints": study.network.checkpoints,
        "generator.checkpoint": study.generator.checkpoint,
    }
    return {field: path for field, path in found.items() if path is not None}
