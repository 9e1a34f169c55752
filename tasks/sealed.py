"""A job as a parameter of a task run: whole, whatever looks at it on its way."""

from __future__ import annotations

from typing import Final

from tasks.job import Job


class Sealed:
    """A job that Prefect passes on as it is, instead of looking through all its fields with each task run."""

    __slots__ = ("job",)

    def __init__(self, job: Job) -> None:
        """Hold ``job``."""
        self.job: Final = job

    def __repr__(self) -> str:
        """What a log shows."""
        return f"the study at {self.job.folder}"
