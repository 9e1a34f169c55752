"""How far a run has come, on its page in Prefect's UI and on the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from spikeatlas.flows.runners import progress
from spikeatlas.tasks.atlas import FAILED, SILENT, STATUS

EVERY_SECONDS = 1.0
"""Least time between two updates: each is a request of some 20 ms."""


@dataclass
class Tally:
    """Neurons of a run: how many there are, and how they ended."""

    planned: int
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
        """One line, as it is shown."""
        # what a card on the page has room for comes first
        told = f"{self.ended:,} of {self.planned:,} neurons, {self._left()}"
        return f"{told}; {self.silent:,} silent, {self.failed:,} failed"

    def _left(self) -> str:
        if not self.ended or self.ended >= self.planned:
            return "done" if self.ended >= self.planned else "not begun"
        spent = time.monotonic() - self.began
        seconds = spent * (self.planned - self.ended) / self.ended
        return (
            f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"
        )


@dataclass
class Shown:
    """A tally on the page of a flow run."""

    tally: Tally
    artifact: UUID
    at: float = 0.0

    def update(self, *, always: bool) -> None:
        """Show it as it is now, unless it was shown just now."""
        if always or time.monotonic() - self.at >= EVERY_SECONDS:
            self.at = time.monotonic()
            share = 100 * self.tally.ended / self.tally.planned
            update_progress_artifact(self.artifact, share, description=str(self.tally))


_shown: ContextVar[Shown | None] = ContextVar("shown", default=None)


@contextmanager
def tallied(neurons: int) -> Iterator[None]:
    """Show on this flow run's page how the searches for so many ``neurons`` go, also those of its subflows."""
    if not neurons:
        yield
        return
    progress.plan(neurons)
    tally = Tally(neurons)
    # Prefect's types leave open whether this is called from async code, which it is not
    artifact = cast("UUID", create_progress_artifact(0.0, description=str(tally)))
    shown = Shown(tally, artifact)
    token = _shown.set(shown)
    try:
        yield
    finally:
        _shown.reset(token)
        shown.update(always=True)


def advance(neurons: int, counts: Mapping[str, int] | None) -> None:
    """Say that a block of so many neurons ended: with results of these states, or, without, failed."""
    progress.advance(neurons)
    if shown := _shown.get():
        silent = 0 if counts is None else counts.get(STATUS[SILENT], 0)
        failed = neurons if counts is None else counts.get(STATUS[FAILED], 0)
        shown.tally.count(neurons, silent, failed)
        shown.update(always=False)
