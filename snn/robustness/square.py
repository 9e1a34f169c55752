"""A black box that is asked for its scores, and never for a gradient: random squares."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import AttackTarget, Labels
from spikeatlas.snn.robustness.base import AttackSpec, Worst, numbers
from spikeatlas.snn.robustness.norm_ball import Ball, Images

_FINEST = 64
"""The side of squares first shrinks after 1/64 of the queries, then after 1/32, 1/16, ..."""


class _Plan(NamedTuple):
    """The random numbers of each image's squares."""

    places: NDArray[np.float64]
    """(n, queries, 2) row and column, uniform in [0, 1)."""
    signs: NDArray[np.int64]
    """(n, queries, c) 1 or -1."""
    stripes: NDArray[np.int64]
    """(n, c, 1, w) 1 or -1."""


@dataclass(frozen=True, config=SPEC)
class Square(AttackSpec):
    """Random search with squares, after Andriushchenko et al. 2020 (arXiv 1912.00049), in an linf ball.

    The first try has vertical stripes, each column of each channel eps brighter or darker. Each further try takes the
    worst image so far and sets a square of it, at a random place, eps brighter or darker than the clean image in each
    channel; it is kept where the loss does not fall. Squares cover ``share`` of the image at first, half as much after
    1/64 of the queries and at each doubling of that number. An image that is misread is left alone. Ours differs from
    the paper in that halving, in its loss (the cross-entropy), and in that it goes on where a loss is equal: spike
    counts are whole numbers, and their losses have plateaus.
    """

    kind: Literal["square"] = "square"
    queries: Annotated[int, Field(ge=1)] = 300
    """Times that the network may be asked about an image."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the image that the first squares cover."""
    effort: ClassVar[str | None] = "queries"

    def craft(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Images:
        """See ``AttackSpec``."""
        levels, plan = Ball("linf", strength).levels, self._plan(images, key)
        worst = Worst(target, images, labels)
        for query in range(self.queries):
            rows = np.flatnonzero(worst.right)
            if not len(rows):
                break
            tries = self._tries(worst.images, images, plan, query, rows, levels)
            worst.see(tries, target.answer(tries, labels[rows]), rows)
        return worst.images

    def side(self, query: int, size: tuple[int, int]) -> int:
        """Return the side, in pixels, of the square of a query (from 1 on) in an image of that (h, w)."""
        halvings = max(0, math.floor(math.log2(_FINEST * query / self.queries)) + 1)
        side = round(math.sqrt(self.share * 0.5**halvings * size[0] * size[1]))
        return min(max(side, 1), *size)

    def _plan(self, images: Images, key: CodingKey) -> _Plan:
        count, channels, _, width = images.shape
        places = np.empty((count, self.queries, 2))
        signs = np.empty((count, self.queries, channels), np.int64)
        stripes = np.empty((count, channels, 1, width), np.int64)
        for row, image in enumerate(images):
            generator = numbers(key, image)
            stripes[row] = generator.integers(0, 2, stripes.shape[1:]) * 2 - 1
            places[row] = generator.random(places.shape[1:])
            signs[row] = generator.integers(0, 2, signs.shape[1:]) * 2 - 1
        return _Plan(places, signs, stripes)

    def _tries(
        self,
        worst: Images,
        images: Images,
        plan: _Plan,
        query: int,
        rows: NDArray[np.int64],
        levels: int,
    ) -> Images:
        """Return the images of one query, for ``rows`` of all."""
        if query == 0:
            return np.clip(images[rows] + levels * plan.stripes[rows], 0, 255).astype(np.uint8)
        height, width = images.shape[-2:]
        side = self.side(query, (height, width))
        room = np.array([height - side + 1, width - side + 1])
        corners = (plan.places[rows, query] * room).astype(np.int64)
        tries = worst[rows]
        for place, (row, (top, column)) in enumerate(zip(rows, corners, strict=True)):
            patch = np.s_[:, top : top + side, column : column + side]
            change = levels * plan.signs[row, query][:, None, None]
            tries[place][patch] = np.clip(images[row][patch] + change, 0, 255)
        return tries
