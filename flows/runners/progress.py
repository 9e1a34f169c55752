"""The progress of a run: log lines and a bar in the terminal, and a line on its page in Prefect's UI."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from spikeatlas.tasks.atlas import FAILED, SILENT, STATUS
from spikeatlas.tasks.study.blocks import Block

log = logging.getLogger("spikeatlas")

EVERY_SECONDS = 1.0
"""Least time between two updates of a page: each is a request of some 20 ms."""


@dataclass
class Tally:
    """Neurons of a run: how many there are, and how they ended."""

    total: int
    """Neurons to search for, counted once for each epoch."""
    ended: int = 0
    silent: int = 0
    failed: int = 0
    began: float = field(default_factory=time.monotonic)

    def count(self, neurons: int, silent: int, failed: int) -> None:
        """Add a block that ended."""
        self.ended += neurons
        self.silent += silent
        self.failed += failed

    def __str__(self) -> str:
        """One line; what a card on the page has room for comes first."""
        line = f"{self.ended:,} of {self.total:,} neurons, {self._time_left()}"
        return f"{line}; {self.silent:,} silent, {self.failed:,} failed"

    def _time_left(self) -> str:
        if not self.ended or self.ended >= self.total:
            return "done" if self.ended >= self.total else "not begun"
        spent = time.monotonic() - self.began
        seconds = spent * (self.total - self.ended) / self.ended
        return (
            f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"
        )


@dataclass
class Display:
    """A tally in the terminal, if one watches, and on the page of a flow run."""

    tally: Tally
    bar: Progress | None
    artifact: UUID
    updated: float = 0.0

    def show(self, *, at_once: bool = False) -> None:
        """Show the tally as it is now; on the page not more often than EVERY_SECONDS."""
        self.draw_bar()
        if at_once or time.monotonic() - self.updated >= EVERY_SECONDS:
            from prefect.artifacts import update_progress_artifact  # noqa: PLC0415 - as below

            self.updated = time.monotonic()
            share = 100 * self.tally.ended / self.tally.total
            update_progress_artifact(self.artifact, share, description=str(self.tally))

    def draw_bar(self) -> None:
        """Show the tally in the terminal."""
        if self.bar is not None:
            for task in self.bar.task_ids:
                self.bar.update(task, total=self.tally.total, completed=self.tally.ended)


_bar: ContextVar[Progress | None] = ContextVar("bar", default=None)
_display: ContextVar[Display | None] = ContextVar("display", default=None)


@contextmanager
def in_terminal() -> Iterator[None]:
    """Show log lines on the terminal while the block runs, and a bar where that is one."""
    console = Console(file=sys.stderr)
    handler = RichHandler(
        console=console, show_path=False, show_level=False, log_time_format="%H:%M:%S"
    )
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("neurons,"),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    bar = Progress(*columns, console=console, disable=not console.is_terminal)
    bar.add_task("maximise", total=None)
    token = _bar.set(bar)
    try:
        with bar:
            yield
    finally:
        _bar.reset(token)
        log.removeHandler(handler)


@contextmanager
def tallied(blocks: Sequence[Block]) -> Iterator[None]:
    """Show how the searches of ``blocks`` go, in this flow run and in its subflows."""
    if not blocks:
        yield
        return
    # Prefect reads its settings at import, and this module is imported before its server has an address
    from prefect.artifacts import create_progress_artifact  # noqa: PLC0415

    tally = Tally(sum(block.stop - block.start for block in blocks))
    # Prefect's types leave open whether this is called from async code, which it is not
    artifact = cast("UUID", create_progress_artifact(0.0, description=str(tally)))
    display = Display(tally, _bar.get(), artifact)
    display.draw_bar()
    token = _display.set(display)
    try:
        yield
    finally:
        _display.reset(token)
        display.show(at_once=True)


def advance(neurons: int, counts: Mapping[str, int] | None) -> None:
    """Count a block of so many neurons: ``counts`` of the states of its results, None where it failed."""
    if display := _display.get():
        silent = 0 if counts is None else counts.get(STATUS[SILENT], 0)
        failed = neurons if counts is None else counts.get(STATUS[FAILED], 0)
        display.tally.count(neurons, silent, failed)
        display.show()
