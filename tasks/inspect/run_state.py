"""The state of an atlas in one line: running, complete or stopped, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spikeatlas.tasks.atlas import (
    ANALYSED,
    FAILED,
    KNOWN,
    at_work,
    layout_of,
    open_store,
    path_of,
    study_of,
    values,
)

RUNNING, COMPLETE, STOPPED = "running", "complete", "stopped"


@dataclass(frozen=True)
class RunState:
    """The progress of an atlas in a folder."""

    state: str
    """RUNNING while a run writes to its folder; else COMPLETE, or STOPPED before all is done."""
    done: int
    """Epochs of which all stages are done."""
    epochs: int
    neurons: int
    """Probed neurons over all layers."""
    failed: int
    """Searches that failed."""
    data: str
    """Data set that the network learnt."""
    started: str
    ended: str
    """Times in ISO 8601; empty where there is none."""


def read_state(atlas: Path) -> RunState:
    """Read the state of an atlas.

    Raises FileNotFoundError when there is none, AtlasError when it is damaged or newer than we are.
    """
    root = open_store(atlas)
    layout, attributes = layout_of(root), root.attrs
    # without searches, an epoch's last stage is its analysis
    last = KNOWN if layout.methods and KNOWN in root else ANALYSED
    done = int((values(root, last) == 1).sum())
    paths = [path_of("status", layer) for layer in layout.layers] if layout.methods else []
    whole = done == len(layout.epochs) and attributes.get("reported", attributes.get("ended"))
    idle = COMPLETE if whole else STOPPED
    return RunState(
        state=RUNNING if at_work(atlas.parent) else idle,
        done=done,
        epochs=len(layout.epochs),
        neurons=layout.neurons,
        failed=sum(int((values(root, path) == FAILED).sum()) for path in paths),
        data=str(study_of(root).get("data", {}).get("dataset", "")),
        started=str(attributes.get("started") or ""),
        ended=str(attributes.get("ended") or ""),
    )
