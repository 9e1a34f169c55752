"""A run as a parameter of a task run: whole, whatever looks at it on its way."""

from __future__ import annotations

from typing import Final

from spikeatlas.tasks.study.run import Run


class Sealed:
    """A run that Prefect passes on as it is, instead of looking through all its fields with each task run."""

    __slots__ = ("run",)

    def __init__(self, run: Run) -> None:
        """Hold ``run``."""
        self.run: Final = run

    def __repr__(self) -> str:
        """What a log shows."""
        return f"the study at {self.run.folder}"
