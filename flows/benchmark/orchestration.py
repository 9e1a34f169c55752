"""What orchestration costs: one study in a bare loop of its units of work, and as a flow with a server, in one run.

    python -m spikeatlas.flows.benchmark.orchestration 100 1000 5000    # searches in default blocks
    python -m spikeatlas.flows.benchmark.orchestration --each 100 1000 5000    # one task run for each neuron, tiny searches
    python -m spikeatlas.flows.benchmark.orchestration --pairs 5 100       # medians of five pairs

Prints a table: what the flow takes beyond the bare loop is Prefect's and scheduling; the store's time is
measured in the bare loop, around every function that reads or writes the atlas.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from inspect import getmembers, isfunction
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.launch import hand_over
from spikeatlas.flows.runners import server
from spikeatlas.tasks.atlas import read, write
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.stages.analyze import analyze
from spikeatlas.tasks.stages.conclude import conclude
from spikeatlas.tasks.stages.maximize import maximize
from spikeatlas.tasks.stages.observe import observe
from spikeatlas.tasks.stages.screen import screen
from spikeatlas.tasks.stages.train import (
    record_training,
    train_generator,
    train_network,
    train_prior,
)
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread

LARGEST_EPOCH = 250
"""Neurons of one epoch, and so, with a task for each, about the task runs of one flow run."""

SEARCH: dict[str, Any] = {}
TINY: dict[str, Any] = {"methods": ["random"], "budget": 10, "neurons_per_task": 1}
"""A search so small that a task is nearly all overhead."""


@dataclass
class Clock:
    """Time spent in functions, calls within calls counted once."""

    seconds: float = 0.0
    _inside: bool = field(default=False, repr=False)

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, timed."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            if self._inside:
                return function(*arguments, **named)
            self._inside, began = True, time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self._inside = False
                self.seconds += time.perf_counter() - began

        return call


@contextmanager
def store_timed() -> Iterator[Clock]:
    """Time everything that ``read`` and ``write`` of the atlas do while the block runs."""
    clock = Clock()
    plain = [
        (module, *member) for module in (read, write) for member in getmembers(module, isfunction)
    ]
    for module, name, function in plain:
        setattr(module, name, clock.timed(function))
    try:
        yield clock
    finally:
        for module, name, function in plain:
            setattr(module, name, function)


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
    """Seconds of the bare loop in the store."""
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
    """A study of about so many searches: epochs of at most LARGEST_EPOCH neurons of one layer."""
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


def train(run: Run) -> None:
    """What is not measured."""
    train_generator(run)
    train_prior(run)
    train_network(run)


def bare(checked: Checked) -> int:
    """All that the flow does of a trained study, without Prefect; the number of blocks."""
    run = allocate(checked.run, checked.layout, checked.data.digest())
    record_training(run)
    for epoch in run.epochs:
        observe(run, epoch)
        screen(run, epoch)
        for block in run.blocks(epoch):
            maximize(run, *block)
    for epoch in run.epochs:
        analyze(run, epoch)
    conclude(run.atlas)
    write_report(run.atlas, run.folder / "report")
    return sum(len(run.blocks(epoch)) for epoch in run.epochs)


def as_flow(checked: Checked) -> tuple[int, int]:
    """The same as a flow, until all of it is on record; its task runs and flow runs."""
    from spikeatlas.flows.atlas import atlas_study_flow  # noqa: PLC0415 - after Prefect's settings
    from spikeatlas.flows.runners.task_runners import submissions  # noqa: PLC0415

    with submissions() as task_runs:
        atlas_study_flow(checked.study)
    hand_over()
    server.drain(os.environ["PREFECT_API_URL"], task_runs)
    return len(task_runs), len(checked.run.epochs) + 4


def timed(make: Callable[[Checked], Any], checked: Checked) -> tuple[float, Any]:
    """Seconds to make the atlas anew, and what the maker says."""
    shutil.rmtree(checked.run.atlas, ignore_errors=True)
    began = time.perf_counter()
    said = make(checked)
    return time.perf_counter() - began, said


def measure(neurons: int, folder: Path, search: dict[str, Any], pairs: int) -> Cost:
    """Train once, then make the atlas in both ways, as often as asked for; the first in turn goes second next time."""
    checked = check(study_of(neurons, folder / str(neurons), search))
    run = checked.run
    train(run)
    # what a process loads once is loaded: networks, Prefect
    import spikeatlas.flows.atlas  # noqa: F401, PLC0415 - after its server's address is known

    for epoch in run.epochs:
        models.network(run, epoch)
    in_loop, in_flow, in_store = [], [], []
    for pair in range(pairs):
        for make in (bare, as_flow) if pair % 2 == 0 else (as_flow, bare):
            with store_timed() as clock:
                seconds, said = timed(make, checked)
            if make is bare:
                blocks = said
                in_loop.append(seconds)
                in_store.append(clock.seconds)
            else:
                task_runs, flow_runs = said
                in_flow.append(seconds)
    files = sum(path.is_file() for path in run.atlas.rglob("*"))
    middle = (median(in_loop), median(in_flow), median(in_store))
    return Cost(neurons, blocks, task_runs, flow_runs, *middle, files)


def table(costs: list[Cost], title: str) -> Table:
    """A row a size."""
    shown = Table(
        "neurons", "blocks", "task runs", "flow runs", "bare s", "flow s", "Prefect ms/task", "store ms/block",
        "store %", "all but work %", "files", title=title,
    )  # fmt: skip
    for cost in costs:
        shown.add_row(
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
    return shown


def main() -> None:
    """Measure the sizes asked for, smallest first."""
    parser = argparse.ArgumentParser(description="What orchestration costs.")
    parser.add_argument("neurons", type=int, nargs="+", help="searches of each study")
    parser.add_argument("--each", action="store_true", help="one task run for each neuron")
    parser.add_argument("--pairs", type=int, default=1, help="times that each size is measured")
    asked = parser.parse_args()
    one_thread()
    with tempfile.TemporaryDirectory() as home, server.serving(Path(home) / "prefect"):
        search = TINY if asked.each else SEARCH
        costs = [
            measure(neurons, Path(home), search, asked.pairs) for neurons in sorted(asked.neurons)
        ]
        title = (
            "one task a neuron, tiny searches" if asked.each else "default blocks, default search"
        )
        Console(width=140).print(table(costs, title))


if __name__ == "__main__":
    main()
