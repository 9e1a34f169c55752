"""The choice of a runner for a machine and a study: threads of this process, or processes.

Threads share one interpreter lock, which the searches hold for a quarter of their time, and processes take some
seconds each to begin (``spikeatlas benchmark --runners`` measures both): processes pay where there is much to search for.
"""

from __future__ import annotations

from typing import NamedTuple

import joblib

from spikeatlas.tasks.atlas import unfinished
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.specs import RunnerKind

WORTH_PROCESSES = 300_000
"""Images to search with, from which on processes are worth their start: half a minute of the demo's network."""


class Choice(NamedTuple):
    """A runner, and why it was chosen."""

    kind: RunnerKind
    workers: int
    reason: str

    def __str__(self) -> str:
        return f"{self.workers} {self.kind}: {self.reason}"


def choose(run: Run) -> Choice:
    """Return the runner that a study names or, where it leaves it open, the one for its work and this machine."""
    spec = run.study.runner
    cores, workers = count_cores(), count_workers(run)
    if spec.kind != "auto":
        named = "runner.kind" if spec.workers == "auto" else "runner"
        return Choice(spec.kind, workers, f"the study's {named}")
    kind, reason = _fitting(run, workers)
    return Choice(kind, workers, f"{reason}, {cores} {'core' if cores == 1 else 'cores'}")


def count_cores() -> int:
    """Return the cores that this process may use: fewer than the machine has, in a container or a batch job."""
    return int(joblib.cpu_count())


def _fitting(run: Run, workers: int) -> tuple[RunnerKind, str]:
    images = images_to_search(run)
    if workers == 1:
        return "threads", "one task at a time"
    if (run.store or "").startswith("memory://"):
        return "threads", "the atlas is in the memory of this process"
    if run.study.network.kind == "callable":
        return "threads", "a function of yours is called in one process alone"
    if "cuda" in (run.responder.device, run.training.device):
        return "threads", "one process holds the GPU"
    if images < WORTH_PROCESSES:
        return "threads", f"{images:,} images to search with are not worth the start of processes"
    return "processes", f"{images:,} images to search with"


def images_to_search(run: Run) -> int:
    """Return the images that the searches still to be done show, all neurons, methods and repeats together."""
    blocks = [block for epoch in run.epochs for block in run.blocks(epoch)]
    return sum(run.images(block) for block in unfinished(run.atlas, blocks))


def count_workers(run: Run) -> int:
    """Return the tasks at the same time: the study's ``runner.workers`` or, on auto, one for each core.

    At most as many as there ever are: an epoch's blocks, or the analyses of all epochs.
    """
    workers = run.study.runner.workers
    if workers != "auto":
        return workers
    blocks = max((len(run.blocks(epoch)) for epoch in run.epochs), default=1)
    return min(count_cores(), max(blocks, len(run.epochs), 1))
