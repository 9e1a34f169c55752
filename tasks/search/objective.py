"""The objective of a search: the response, or the response with a share of naturalness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points
from spikeatlas.tasks.analysis.naturalness import Scale, scale_of
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run

Responses = NDArray[np.float32]
Images = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class NaturalnessTerm:
    """The share of naturalness in an objective for N neurons."""

    weight: float
    """w, 0 to 1."""
    scale: Responses
    """(N,) the response of each neuron that counts as 1, so that w means the same to every neuron."""
    typicality: Scale


@dataclass(frozen=True, eq=False)
class Objective:
    """The value of a stimulus for each of N neurons, which is sought with ``sign``: its response.

    With naturalness it is scalarised: (1 - w) * response / scale + sign * w * typicality.
    """

    sign: int = 1
    """1: the highest value is sought; -1: the lowest."""
    naturalness: NaturalnessTerm | None = None

    def values(self, responses: Responses, points: Points, images: Images) -> Responses:
        """Return the values (k, N) of k stimuli, made of points (k, d), from their responses (k, N)."""
        if self.naturalness is None:
            return responses
        typicality = self.naturalness.typicality.typicality(points, images)
        return self._mix(responses, self.naturalness.scale, typicality[:, None])

    def own_values(self, responses: Responses, points: Points, images: Images) -> Responses:
        """Return the values (N * R, k) of R searches' own k stimuli for each neuron.

        From responses (N * R, k), points (N * R, k, d) and images (N * R, k, c, h, w).
        """
        if self.naturalness is None:
            return responses
        flat = points.reshape(-1, points.shape[2]), images.reshape(-1, *images.shape[2:])
        typicality = self.naturalness.typicality.typicality(*flat).reshape(responses.shape)
        repeats = len(responses) // len(self.naturalness.scale)
        scale = np.repeat(self.naturalness.scale, repeats)
        return self._mix(responses, scale[:, None], typicality)

    def of(self, neurons: NDArray[np.int64]) -> Objective:
        """Return the objective of some of the neurons."""
        if self.naturalness is None:
            return self
        scale = self.naturalness.scale[neurons]
        return replace(self, naturalness=replace(self.naturalness, scale=scale))

    def _mix(
        self, responses: Responses, scale: Responses, typicality: NDArray[np.float64]
    ) -> Responses:
        weight = 0.0 if self.naturalness is None else self.naturalness.weight
        mixed = (1 - weight) * responses / scale + self.sign * weight * typicality
        return mixed.astype(np.float32)


def make_objective(sign: int, weight: float, best: Responses, typicality: Scale) -> Objective:
    """Make the objective of N neurons whose best responses to test images are ``best`` (N,).

    These are the scale; 1 where a neuron answers none.
    """
    scale = np.where(best > 0, best, 1).astype(np.float32)
    return Objective(sign, NaturalnessTerm(weight, scale, typicality))


def blocks_objective(run: Run, blocks: Sequence[Block], sign: int) -> Objective:
    """Return the objective that a study sets for the neurons of some blocks, of the most or least exciting images."""
    search = run.search
    if not search.naturalness:
        return Objective(sign)
    best = np.concatenate([read.best_natural(run.atlas, block) for block in blocks])
    return make_objective(sign, search.naturalness, best, scale_of(run))
