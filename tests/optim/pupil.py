"""A student for the tests: it crosses each neuron's best points, and keeps the briefs it was given."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spikeatlas.optim import Brief, Points


@dataclass(eq=False)
class Pupil:
    """A student that learns nothing: its proposals hang on the brief alone."""

    briefs: list[Brief] = field(default_factory=list)

    def __call__(self, brief: Brief) -> Points:
        """Return crossings of the starts, drawn by the brief's seed and the number of its images."""
        self.briefs.append(brief)
        rng = np.random.default_rng([brief.seed, len(brief.points)])
        neurons, starts, dim = brief.starts.shape
        parents = rng.integers(starts, size=(neurons, brief.count, dim))
        return np.asarray(np.take_along_axis(brief.starts, parents, axis=1))
