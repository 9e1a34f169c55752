"""The model of a study. Unknown fields are errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from spikeatlas.tasks.study.setup import Setup
from spikeatlas.tasks.study.specs import AnalysisSpec, ProbeSpec, RunnerSpec, SearchSpec, WatchSpec


class StudyError(ValueError):
    """A study that cannot run: every problem, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the sentences apart, for callers that list them."""
        super().__init__(list(problems))
        self.problems = list(problems)

    def __str__(self) -> str:
        """One problem a line."""
        return "\n".join(self.problems)


class Study(Setup):
    """The study: what to make an atlas of, and where to put it."""

    probe: ProbeSpec = ProbeSpec()
    """Which neurons are probed, and when."""
    search: SearchSpec = SearchSpec()
    """How their most exciting images are searched."""
    analysis: AnalysisSpec = AnalysisSpec()
    """What is measured beside the searches."""
    watch: WatchSpec | None = None
    """What to expect of a folder of checkpoints (network.checkpoints) that is still being filled."""
    runner: RunnerSpec = RunnerSpec()
    """Where the work runs."""
    atlas: str | None = None
    """URL of the atlas in an object store, e.g. s3://bucket/name.zarr; left out, atlas.zarr in the folder."""

    def with_epochs(self, epochs: Sequence[float]) -> Study:
        """Return the same study of these epochs."""
        return self.model_copy(
            update={"probe": dataclasses.replace(self.probe, epochs=tuple(epochs))}
        )
