"""The inputs of a check: a study, with its images and its network as far as they can be loaded."""

from __future__ import annotations

from dataclasses import dataclass

from spikeatlas.snn.data import DataSet
from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.study.study import Study


@dataclass(frozen=True)
class StudyInputs:
    """A study that is checked."""

    study: Study
    data: DataSet | None
    """None where the images cannot be loaded."""
    source: Source | None
    """The epochs of its network; None where that cannot be made."""
    gaps: frozenset[str] = frozenset()
    """Sections that do not say what was meant, most at a default which nobody wrote: nothing is held against them."""

    def lack(self, *sections: str) -> bool:
        """Tell whether one of some sections does not say what was meant."""
        return not self.gaps.isdisjoint(sections)
