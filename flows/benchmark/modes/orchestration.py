"""The cost of orchestration: one study in a bare loop of its units of work, and as a flow with a server, in one run.

What the flow takes beyond the bare loop is Prefect's and scheduling; the store's time is measured in a bare loop of
its own, under the profiler.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from spikeatlas.flows.benchmark.bare_loop import make_atlas, seconds_in_store, train
from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.launch import hand_over
from spikeatlas.flows.runners import server
from spikeatlas.tasks.atlas import coordinator, exists
from spikeatlas.tasks.atlas.ownership import remove
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread

LARGEST_EPOCH = 250
"""Neurons of one epoch, and so, with a task for each, about the task runs of one flow run."""

SEARCH: dict[str, Any] = {}
TINY: dict[str, Any] = {"methods": ["random"], "budget": 10, "neurons_per_task": 1}
"""A search so small that a task is nearly all overhead."""


def time_orchestration(
    neurons: Sequence[int] = (100, 1000), *, single: bool = False, pairs: int = 1
) -> Iterator[str]:
    """Measure studies of so many searches, smallest first, and yield a table.

    ``single``: one task run for each neuron, with tiny searches; ``pairs``: times that each is measured, medians are
    shown.
    """
    one_thread()
    search, title = (
        (TINY, "one task a neuron, tiny searches")
        if single
        else (SEARCH, "default blocks, default search")
    )
    with tempfile.TemporaryDirectory() as home, server.serving(Path(home) / "prefect"):
        costs = [measure(count, Path(home), search, pairs) for count in sorted(neurons)]
    yield as_text(cost_table(costs, title))


@dataclass(frozen=True)
class Cost:
    """One size, measured."""

    neurons: int
    blocks: int
    task_runs: int
    flow_runs: int
    bare: float
    """Seconds of the bare loop."""
    flow: float
    """Seconds of the flow."""
    store: float
    """Seconds of a bare loop in the store."""
    files: int

    @property
    def prefect(self) -> float:
        """Prefect and scheduling, ms a task run."""
        return 1e3 * (self.flow - self.bare) / self.task_runs

    @property
    def share(self) -> float:
        """Share of the flow's time that is not search, analysis or report."""
        return (self.flow - self.bare + self.store) / self.flow


def study_of(neurons: int, folder: Path, search: dict[str, Any]) -> dict[str, Any]:
    """Return a study of about so many searches: epochs of at most LARGEST_EPOCH neurons of one layer."""
    epochs = -(-neurons // LARGEST_EPOCH)
    return {
        "network": {"channels": [8], "hidden": [-(-neurons // epochs)]},
        "training": {"epochs": max(epochs - 1, 1)},
        "generator": {"positions": 16, "codes": 32, "epochs": 3},
        "probe": {"epochs": list(range(epochs)), "layers": ["fc1"]},
        "search": search,
        "analysis": {"cross": False},
        "runner": {"workers": 1},
        "output": str(folder),
    }


def as_flow(checked: Checked) -> tuple[int, int]:
    """Make the atlas as a flow, until all of it is on record; returns its task runs and flow runs."""
    from spikeatlas.flows.atlas import atlas_study_flow  # noqa: PLC0415 - after Prefect's settings
    from spikeatlas.flows.runners.task_runners import submissions  # noqa: PLC0415

    with submissions() as task_runs:
        atlas_study_flow(checked.study)
        hand_over()
    server.drain(os.environ["PREFECT_API_URL"], task_runs)
    return len(task_runs), len(checked.run.epochs) + 4


def timed(make: Callable[[Checked], Any], checked: Checked) -> tuple[float, Any]:
    """Make the atlas anew; returns the seconds it took, and what the maker returned."""
    if exists(checked.run.atlas):
        remove(checked.run.atlas)
    began = time.perf_counter()
    counts = make(checked)
    return time.perf_counter() - began, counts


def measure(neurons: int, folder: Path, search: dict[str, Any], pairs: int) -> Cost:
    """Train once, then make the atlas in both ways, ``pairs`` times; the first in turn goes second next time."""
    checked = check(study_of(neurons, folder / str(neurons), search))
    run = checked.run
    with coordinator(run.folder):
        train(run)
    # what a process loads once is loaded: networks, Prefect
    import spikeatlas.flows.atlas  # noqa: F401, PLC0415 - after its server's address is known

    for epoch in run.epochs:
        models.subject(run, epoch)
    in_loop, in_flow = [], []
    for pair in range(pairs):
        for make in (make_atlas, as_flow) if pair % 2 == 0 else (as_flow, make_atlas):
            seconds, counts = timed(make, checked)
            if make is make_atlas:
                in_loop.append(seconds)
                blocks = counts
            else:
                in_flow.append(seconds)
                task_runs, flow_runs = counts
    _, in_store = timed(seconds_in_store, checked)
    files = sum(path.is_file() for path in (run.folder / "atlas.zarr").rglob("*"))
    times = (median(in_loop), median(in_flow), in_store)
    return Cost(neurons, blocks, task_runs, flow_runs, *times, files)


def cost_table(costs: Sequence[Cost], title: str) -> Table:
    """Return a table with a row for each size."""
    table = Table(
        "neurons",
        "blocks",
        "task runs",
        "flow runs",
        "bare s",
        "flow s",
        "Prefect ms/task",
        "store ms/block",
        "store %",
        "all but work %",
        "files",
        title=title,
    )
    for cost in costs:
        table.add_row(
            f"{cost.neurons:,}",
            f"{cost.blocks:,}",
            f"{cost.task_runs:,}",
            str(cost.flow_runs),
            f"{cost.bare:.1f}",
            f"{cost.flow:.1f}",
            f"{cost.prefect:.1f}",
            f"{1e3 * cost.store / cost.blocks:.1f}",
            f"{100 * cost.store / cost.bare:.1f}",
            f"{100 * cost.share:.1f}",
            f"{cost.files:,}",
        )
    return table
