"""How a new code image is made of known good ones: the moves of the screened search's evolution.

Each move takes the parents (m, positions), the mates (m, positions) and uniform numbers, and returns the
children (m, positions). Patches and tiles know that the positions form a grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.methods.screened.textures import WOVEN_FROM, grid_of, weave
from spikeatlas.optim.spaces.space import CodeSpace, Indices, squared_distances

Uniforms = npt.NDArray[np.float64]
_NEAR = 32  # nearest codes that a change may choose from
_LARGEST_PATCH = 4
SCALARS = 8
"""Uniform numbers a move uses beside two for each position."""
LIKELY = 32
"""Codes that the model proposes for a position."""


@dataclass(frozen=True)
class Draw:
    """What one move is made of, for m children.

    `likely` (m, positions, at most LIKELY) are the model's best codes for each position, the best
    first; `scalar` (m, SCALARS), `place` and `choice` (m, positions) are uniform numbers.
    """

    parent: Indices
    mate: Indices
    likely: Indices
    scalar: Uniforms
    place: Uniforms
    choice: Uniforms


@dataclass(frozen=True)
class Moves:
    """The moves in one space; each is drawn by its number."""

    space: CodeSpace

    @cached_property
    def all(self) -> tuple[Callable[[Draw], Indices], ...]:
        """Every move; `typical` only where the space has a prior."""
        known = () if self.space.prior is None else (self.typical,)
        return (
            self.model,
            self.change,
            self.cross,
            self.patch,
            self.replace,
            self.tile,
            self.graft,
            *known,
        )

    def model(self, draw: Draw) -> Indices:
        """Take the model's likely codes at a few to all positions."""
        share = self.space.positions ** (draw.scalar[:, :1] - 1)
        known = draw.likely.shape[2]
        spread = known ** draw.scalar[:, 1:2] / 2
        rank = np.minimum(-spread * np.log1p(-draw.choice), known - 1).astype(np.int64)
        likely = np.take_along_axis(draw.likely, rank[..., None], axis=2)[..., 0]
        return np.where(_some(draw.place, share), likely, draw.parent)

    def change(self, draw: Draw) -> Indices:
        """Change a few codes, most of them to near ones."""
        share = -np.log1p(-draw.scalar[:, :1]) * 2 / self.space.positions
        return np.where(
            _some(draw.place, share), self._other(draw.parent, draw.choice), draw.parent
        )

    def cross(self, draw: Draw) -> Indices:
        """Take up to half of the mate's codes."""
        return np.where(_some(draw.place, draw.scalar[:, :1] / 2), draw.mate, draw.parent)

    def patch(self, draw: Draw) -> Indices:
        """Take a patch of the mate, from the same place or from another."""
        rows, columns = self._grid
        y, x = np.divmod(np.arange(self.space.positions), columns)
        high, wide = (1 + _whole(draw.scalar[:, k : k + 1], _LARGEST_PATCH) for k in (0, 1))
        top, left = _whole(draw.scalar[:, 2:3], rows), _whole(draw.scalar[:, 3:4], columns)
        down, right = _whole(draw.scalar[:, 4:5], 2 * rows), _whole(draw.scalar[:, 5:6], columns)
        away = down < rows
        source: Indices = (y + away * down) % rows * columns + (x + away * right) % columns
        inside = ((y - top) % rows < high) & ((x - left) % columns < wide)
        return np.where(inside, np.take_along_axis(draw.mate, source, axis=1), draw.parent)

    def replace(self, draw: Draw) -> Indices:
        """Replace a code wherever it stands."""
        at = _whole(draw.scalar[:, :1], self.space.positions)
        old: Indices = np.take_along_axis(draw.parent, at, axis=1)
        return np.where(draw.parent == old, self._other(old, draw.scalar[:, 1:2]), draw.parent)

    def tile(self, draw: Draw) -> Indices:
        """Fill the image with a patch of the parent."""
        rows, columns = self._grid
        y, x = np.divmod(np.arange(self.space.positions), columns)
        high, wide = (1 + _whole(draw.scalar[:, k : k + 1], _LARGEST_PATCH) for k in (0, 1))
        top, left = _whole(draw.scalar[:, 2:3], rows), _whole(draw.scalar[:, 3:4], columns)
        source = ((top + y % high) % rows * columns + (left + x % wide) % columns).astype(np.int64)
        return np.take_along_axis(draw.parent, source, axis=1)

    def graft(self, draw: Draw) -> Indices:
        """Put a patch of a new texture, up to the whole image, into the parent."""
        rows, columns = self._grid
        y, x = np.divmod(np.arange(self.space.positions), columns)
        texture = weave(self.space, draw.scalar, draw.place, draw.choice)
        top, high, left, wide = (
            _whole(draw.scalar[:, WOVEN_FROM + k : WOVEN_FROM + k + 1], size)
            for k, size in enumerate((rows, rows, columns, columns))
        )
        inside = ((y - top) % rows <= high) & ((x - left) % columns <= wide)
        return np.where(inside, texture, draw.parent)

    def typical(self, draw: Draw) -> Indices:
        """Let the prior redraw a patch of the parent, up to the whole image.

        ValueError where the space has no prior.
        """
        if self.space.prior is None:
            raise ValueError("the space has no prior: give CodeSpace one, or leave this move out")
        rows, columns = self._grid
        y, x = np.divmod(np.arange(self.space.positions), columns)
        high, wide = (
            1 + _whole(draw.scalar[:, k : k + 1], n) for k, n in ((0, rows), (1, columns))
        )
        # a patch that went round the edges would be two: what is typical does not
        top = _whole(draw.scalar[:, 2:3], rows + 1 - high)
        left = _whole(draw.scalar[:, 3:4], columns + 1 - wide)
        inside = (y >= top) & (y < top + high) & (x >= left) & (x < left + wide)
        return self.space.prior.redraw(draw.parent, inside, draw.choice)

    def _other(self, codes: Indices, uniform: Uniforms) -> Indices:
        """Another code: a near one in two of three cases, any in one."""
        others = self.space.codes - 1
        if self.space.embedding is None:
            return (codes + 1 + _whole(uniform, others)) % self.space.codes
        near = self._nearest[codes, _whole(uniform * 1.5 % 1, self._nearest.shape[1])]
        return np.where(
            uniform < 2 / 3, near, (codes + 1 + _whole(uniform * 3 % 1, others)) % self.space.codes
        )

    @cached_property
    def _grid(self) -> tuple[int, int]:
        return grid_of(self.space)

    @cached_property
    def _nearest(self) -> Indices:
        """The codes nearest to each code, (codes, at most _NEAR)."""
        distance = squared_distances(np.asarray(self.space.embedding, dtype=np.float64))
        np.fill_diagonal(distance, np.inf)
        return np.argsort(distance, axis=1, kind="stable")[:, : min(_NEAR, len(distance) - 1)]


def _whole(uniform: Uniforms, below: int | Indices) -> Indices:
    whole: Indices = (uniform * below).astype(np.int64)
    return whole


def _some(uniform: Uniforms, share: Uniforms) -> npt.NDArray[np.bool_]:
    """Choose each place with probability `share` (m, 1), and at least one."""
    chosen: npt.NDArray[np.bool_] = uniform <= np.maximum(share, uniform.min(axis=1, keepdims=True))
    return chosen
