"""A first look at what is sought while it is sought: a picture in the run's folder, drawn anew as blocks end."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from spikeatlas.tasks.study.run import Run

log = logging.getLogger("spikeatlas")

EVERY_SECONDS = 5.0
"""Least time between two drawings, each of which reads what an epoch has so far."""


@dataclass
class Look:
    """The picture of a run."""

    due: float = 0.0
    pictures: int = 0


_look: ContextVar[Look | None] = ContextVar("look", default=None)


@contextmanager
def opened(run: Run) -> Iterator[None]:
    """Let ``show`` draw in the block; its picture goes with the block, for the report then shows all."""
    look = Look()
    token = _look.set(look)
    try:
        yield
    finally:
        _look.reset(token)
    if look.pictures:
        run.picture_so_far.unlink(missing_ok=True)


def show(run: Run, epoch: float) -> None:
    """Draw what an epoch has so far, unless it was drawn just now."""
    look = _look.get()
    if look is None or time.monotonic() < look.due:
        return
    # drawing takes a second to import, while the workers are at work
    from spikeatlas.tasks.report.layers.so_far import draw_so_far  # noqa: PLC0415

    file = draw_so_far(run, epoch)
    if not look.pictures:
        log.info(f"a first look, drawn anew as neurons are done: {file.absolute()}")
    look.pictures, look.due = look.pictures + 1, time.monotonic() + EVERY_SECONDS
