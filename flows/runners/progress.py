"""The progress of a run: log lines and a bar in the terminal, and a line on its page in Prefect's UI."""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
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
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from spikeatlas.tasks.atlas import FAILED, SILENT, STATUS
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers.process import CLOCK
from spikeatlas.tasks.workers.showings import images_shown

log = logging.getLogger("spikeatlas")

PAGE_SECONDS = 5.0
"""Time between two updates of a page: each is a request of some 20 ms."""

FIRST_LINE_SECONDS, LINE_SECONDS = 30.0, 60.0
"""Time to the first line where no terminal shows a bar, and between two of them."""


TELLING_SHARE, TELLING_SECONDS = 0.01, 20.0
"""Share of the images, or time, from which on the pace tells something."""


@dataclass
class Tally:
    """Neurons of a run and the images of their searches: how many there are, how many are through."""

    neurons: int
    """Neurons to search for, counted once for each epoch."""
    images: int
    """Images of their searches."""
    before: int = 0
    """Images that were shown before, in this process."""
    ended: int = 0
    silent: int = 0
    failed: int = 0
    ended_images: int = 0
    """Images of the blocks that ended; workers elsewhere tell of no others."""
    progress: int = 0
    """Images shown."""
    began: float | None = None
    """Moment of the first image."""

    def count(self, block: Block, images: int, counts: Mapping[str, int] | None) -> None:
        """Add a block that ended: ``counts`` of the states of its results, None where it failed."""
        neurons = block.stop - block.start
        self.ended += neurons
        self.silent += 0 if counts is None else counts.get(STATUS[SILENT], 0)
        self.failed += neurons if counts is None else counts.get(STATUS[FAILED], 0)
        self.ended_images += images

    def look(self) -> None:
        """Note how many images are shown by now."""
        self.progress = min(max(images_shown() - self.before, self.ended_images), self.images)
        if self.progress and self.began is None:
            self.began = time.monotonic()

    @property
    def share(self) -> float:
        """Share of the images, 0 to 1."""
        return self.progress / self.images

    def __str__(self) -> str:
        """One line; what a card on the page has room for comes first."""
        line = f"{self.ended:,} of {self.neurons:,} neurons, {self.time_left()}"
        return f"{line}; {self.silent:,} silent, {self.failed:,} failed"

    def time_left(self) -> str:
        """Say how long it takes at the pace so far."""
        if self.ended >= self.neurons:
            return "done"
        if self.began is None or not self.progress:
            return "training comes first"
        if self.share < TELLING_SHARE and time.monotonic() - self.began < TELLING_SECONDS:
            return "just begun"
        spent = time.monotonic() - self.began
        seconds = spent * (self.images - self.progress) / self.progress
        rest = f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
        return f"about {rest} left"


@dataclass
class Display:
    """A tally in the terminal, or else in lines, and on the page of a flow run."""

    tally: Tally
    bar: Progress | None
    artifact: UUID
    page_due: float = 0.0
    line_due: float = field(default_factory=lambda: time.monotonic() + FIRST_LINE_SECONDS)

    def show(self, *, at_once: bool = False) -> None:
        """Show the tally as it is now where that is due."""
        self.tally.look()
        now = time.monotonic()
        if self.bar is not None:
            self._draw_bar(self.bar)
        elif now >= self.line_due:
            self.line_due = now + LINE_SECONDS
            log.info(str(self.tally))
        if at_once or now >= self.page_due:
            self.page_due = now + PAGE_SECONDS
            self._update_page()

    def _update_page(self) -> None:
        from prefect.artifacts import update_progress_artifact  # noqa: PLC0415 - as below

        update_progress_artifact(self.artifact, 100 * self.tally.share, description=str(self.tally))

    def _draw_bar(self, bar: Progress) -> None:
        """Show the tally in the terminal."""
        tally = self.tally
        for task in bar.task_ids:
            bar.update(
                task,
                total=tally.images,
                completed=tally.progress,
                neurons=f"{tally.ended:,}/{tally.neurons:,}",
                left=tally.time_left(),
            )

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Show it again every second while the block runs, and at its end."""
        ended = threading.Event()
        # Prefect knows by the context of which flow run a line is
        context = contextvars.copy_context()
        follower = threading.Thread(target=context.run, args=(self._follow, ended), daemon=True)
        follower.start()
        try:
            yield
        finally:
            ended.set()
            follower.join()
            self.show(at_once=True)

    def _follow(self, ended: threading.Event) -> None:
        while not ended.wait(1):
            self.show()


_bar: ContextVar[Progress | None] = ContextVar("bar", default=None)
_display: ContextVar[Display | None] = ContextVar("display", default=None)


@contextmanager
def in_terminal() -> Iterator[None]:
    """Show log lines on the terminal while the block runs, and a bar where that is one; plain lines elsewhere."""
    console = Console(file=sys.stderr)
    handler = _handler(console)
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        with _bar_on(console):
            yield
    finally:
        log.removeHandler(handler)


def _handler(console: Console) -> logging.Handler:
    if console.is_terminal:
        return RichHandler(
            console=console, show_path=False, show_level=False, log_time_format=CLOCK
        )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", CLOCK))
    return handler


@contextmanager
def _bar_on(console: Console) -> Iterator[None]:
    """Open the bar that the searches of the block fill, if there is a terminal to draw it on."""
    if not console.is_terminal:
        yield
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[neurons]} neurons,"),
        TimeElapsedColumn(),
        TextColumn("elapsed, {task.fields[left]}"),
    )
    bar = Progress(*columns, console=console)
    bar.add_task("maximise", total=None, neurons="0", left="training comes first")
    token = _bar.set(bar)
    try:
        with bar:
            yield
    finally:
        _bar.reset(token)


@contextmanager
def tallied(run: Run, blocks: Sequence[Block]) -> Iterator[None]:
    """Show how the searches of ``blocks`` go, in this flow run and in its subflows."""
    if not blocks:
        yield
        return
    # Prefect reads its settings at import, and this module is imported before its server has an address
    from prefect.artifacts import create_progress_artifact  # noqa: PLC0415

    neurons = sum(block.stop - block.start for block in blocks)
    tally = Tally(neurons, sum(map(run.images, blocks)), images_shown())
    # Prefect's types leave open whether this is called from async code, which it is not
    artifact = cast("UUID", create_progress_artifact(0.0, description=str(tally)))
    display = Display(tally, _bar.get(), artifact)
    token = _display.set(display)
    try:
        with display.kept():
            yield
    finally:
        _display.reset(token)


def advance(run: Run, block: Block, counts: Mapping[str, int] | None) -> None:
    """Count a block that ended: ``counts`` of the states of its results, None where it failed."""
    if display := _display.get():
        display.tally.count(block, run.images(block), counts)
