"""A run as a parameter of a task run that Prefect does not look into."""

from __future__ import annotations

from typing import Final

from spikeatlas.tasks.study.run import Run


class Opaque:
    """A run that Prefect passes on as it is, instead of looking through all its fields with each task run."""

    __slots__ = ("run",)

    def __init__(self, run: Run) -> None:
        """Hold ``run``."""
        self.run: Final = run

    def __repr__(self) -> str:
        """Return the text that a log shows."""
        return f"the study at {self.run.folder}"
