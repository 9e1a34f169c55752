"""What a person sees in the terminal while a study runs: stages, a bar, the time that remains."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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

log = logging.getLogger("spikeatlas")


class Meter:
    """Neurons done of all that are to do; a bar on a terminal, nothing but log lines elsewhere."""

    def __init__(self, console: Console) -> None:
        """Draw on ``console``."""
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("neurons,"),
            TimeElapsedColumn(), TextColumn("elapsed,"), TimeRemainingColumn(), TextColumn("left"),
        )  # fmt: skip
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("maximise", total=None)

    def plan(self, neurons: int) -> None:
        """Say how many neurons are to be done."""
        self._bar.update(self._task, total=neurons, completed=0)

    def advance(self, neurons: int) -> None:
        """Say that so many more are done."""
        self._bar.advance(self._task, neurons)


_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def shown(*, verbose: bool = True) -> Iterator[None]:
    """Show log lines and the bar on the terminal while the block runs."""
    console = Console(file=sys.stderr)
    handler = RichHandler(
        console=console, show_path=False, show_level=False, log_time_format="%H:%M:%S"
    )
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    log.addHandler(handler)
    meter = Meter(console)
    token = _meter.set(meter)
    try:
        with meter._bar:  # noqa: SLF001 - the meter is this module's own
            yield
    finally:
        _meter.reset(token)
        log.removeHandler(handler)


def plan(neurons: int) -> None:
    """Say how many neurons are to be done (nothing where no terminal watches)."""
    if meter := _meter.get():
        meter.plan(neurons)


def advance(neurons: int) -> None:
    """Say that so many more are done."""
    if meter := _meter.get():
        meter.advance(neurons)
