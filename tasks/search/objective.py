"""What a search is told of a stimulus: the response, or a trade of it against naturalness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points, Result
from spikeatlas.tasks.analysis.naturalness import Scale, scale_of
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run

Responses = NDArray[np.float32]


class Trade:
    """(1 - w) * response / scale + sign * w * typicality, which is looked for with ``sign``.

    The scale is each search's neuron's best response to a test image (1 where it answers none), so that
    the weight w, 0 to 1, means the same to every neuron. Keeps the range of the responses.
    """

    def __init__(self, weight: float, sign: int, best: Responses, natural: Scale) -> None:
        self._weight, self._sign, self._natural = weight, sign, natural
        self._scale = np.where(best > 0, best, 1).astype(np.float32)
        self._highest = np.full(len(best), -np.inf, np.float32)
        self._lowest = np.full(len(best), np.inf, np.float32)

    def told(self, responses: Responses, points: Points, images: NDArray[np.uint8]) -> Responses:
        """What to tell of k stimuli and their points, from their responses (k, searches)."""
        self._highest = np.fmax(self._highest, responses.max(axis=0))
        self._lowest = np.fmin(self._lowest, responses.min(axis=0))
        return self._mix(responses, self._natural.typicality(points, images)[:, None])

    def own(self, responses: Responses, points: Points, images: NDArray[np.uint8]) -> Responses:
        """The same for each search's own stimuli: responses (searches, k), points, images (searches, k, ...)."""
        flat = points.reshape(-1, points.shape[2]), images.reshape(-1, *images.shape[2:])
        return self._mix(responses.T, self._natural.typicality(*flat).reshape(responses.shape).T).T

    def of(self, result: Result) -> Result:
        """A search's result with the range of the responses, not of what it was told."""
        return replace(result, highest=self._highest, lowest=self._lowest)

    def _mix(self, responses: Responses, typicality: NDArray[np.float64]) -> Responses:
        w = self._weight
        mixed = (1 - w) * responses / self._scale + self._sign * w * typicality
        return mixed.astype(np.float32)


def trade_of(run: Run, block: Block, repeats: int) -> Trade | None:
    """The trade that a study wants, each neuron of a block standing ``repeats`` times; None: the response alone."""
    weight = run.search.naturalness
    if not weight:
        return None
    best = np.repeat(read.best_natural(run.atlas, block), repeats)
    return Trade(weight, run.search.sign, best, scale_of(run))
