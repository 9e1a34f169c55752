"""Speed of the runners: the same blocks of the demo's network on threads, on processes, and on processes that are warm."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from spikeatlas.flows.benchmark.bare_loop import train
from spikeatlas.flows.checks.study_checks import check
from spikeatlas.flows.runners.choice import count_cores
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.stages.maximize import search_entry
from spikeatlas.tasks.stages.observe import observe
from spikeatlas.tasks.stages.screen import screen
from spikeatlas.tasks.stages.train import record_training
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers.process import one_thread, worker_processes

STUDY: dict[str, Any] = {
    "network": {"channels": [16, 32], "hidden": [64], "time_steps": 25},
    "training": {"epochs": 1},
    "generator": {"positions": 16, "codes": 32, "epochs": 5},
    "probe": {"epochs": [1]},
    "search": {"methods": ["screened", "tt", "random"], "budget": 200, "screening_images": 100},
}
"""The demo's network and searches, shorter."""


def time_runners(rounds: int = 3) -> Iterator[str]:
    """Search the blocks of one epoch on each runner in turn, with one worker a core, and yield a table."""
    with tempfile.TemporaryDirectory() as folder:
        run = prepare(STUDY, Path(folder))
        yield as_text(table_of(run, seconds_of(run, count_cores(), rounds), count_cores()))


def prepare(study: dict[str, Any], folder: Path) -> Run:
    """Train a study and take its screening."""
    checked = check({**study, "output": str(folder)})
    train(checked.run)
    run = allocate(checked.run, checked.layout, checked.data, checked.source)
    record_training(run)
    for epoch in run.epochs:
        observe(run, epoch)
        screen(run, epoch)
    return run


def seconds_of(run: Run, workers: int, rounds: int) -> dict[str, float]:
    """Return the median seconds of each runner; all take turns, so that a busy machine slows each alike."""
    with ThreadPoolExecutor(workers) as threads, worker_processes(workers) as processes:
        takers: dict[str, Callable[[], None]] = {
            "one thread": lambda: _search_all(None, run),
            "threads": lambda: _search_all(threads, run),
            "warm processes": lambda: _search_all(processes, run),
            "processes and their start": lambda: _search_in_new(workers, run),
        }
        # nobody pays for what is compiled or loaded once
        for take in list(takers.values())[:3]:
            take()
        seconds: dict[str, list[float]] = {name: [] for name in takers}
        for _ in range(rounds):
            for name, take in takers.items():
                began = time.perf_counter()
                take()
                seconds[name].append(time.perf_counter() - began)
    return {name: median(times) for name, times in seconds.items()}


def _search_in_new(workers: int, run: Run) -> None:
    with worker_processes(workers) as processes:
        _search_all(processes, run)


def _search_all(executor: Executor | None, run: Run) -> None:
    blocks = run.blocks(run.epochs[0])
    over = map if executor is None else executor.map
    list(over(search_block, [run] * len(blocks), blocks))


def search_block(run: Run, block: Block) -> None:
    """Search a block with all methods, and store nothing."""
    one_thread()
    probe = BlockProbe(run, [block])
    for entry in run.search.entries:
        search_entry(probe, entry)


def table_of(run: Run, seconds: dict[str, float], workers: int) -> Table:
    """Return a row for each runner."""
    images = sum(map(run.images, run.blocks(run.epochs[0])))
    title = f"{images:,} images of the demo's searches, {workers} workers"
    table = Table("runner", "seconds", "times as fast as one thread", title=title)
    for name, duration in seconds.items():
        table.add_row(name, f"{duration:.1f}", f"{seconds['one thread'] / duration:.2f}")
    return table
