"""Random search: the baseline every method has to beat."""

from __future__ import annotations

import numpy as np

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.spaces import Indices, Points


class RandomSearch(Maximizer):
    """Search by draws from the space's prior; with sharing, every image is for all neurons."""

    def _propose(self) -> tuple[Points, Indices]:
        space, count = self.problem.space, self.options.batch
        if not self.problem.share:
            return in_turn(space.sample_each(self._rngs, count))
        points = space.sample(self._common_rng, count * self.problem.neurons)
        return points, np.full(len(points), -1, dtype=np.int64)
