"""Mutations of code images: new ones made of good ones, in the evolution of the screened search.

Each mutation takes the parents (m, positions), the mates (m, positions) and uniform numbers, and returns the
children (m, positions). Patches and tiles know that the positions form a grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.methods.screened.textures import WOVEN_FROM, grid_of, weave
from spikeatlas.optim.spaces import CodeSpace, Indices, squared_distances

Uniforms = npt.NDArray[np.float64]
_NEAR = 32  # nearest codes that a change may choose from
_LARGEST_PATCH = 4
SCALARS = 8
"""Number of uniform numbers of a mutation beside two for each position."""
LIKELY = 32
"""Number of codes that the model proposes for a position."""


@dataclass(frozen=True)
class Draw:
    """Ingredients of one mutation, for m children.

    `likely` (m, positions, at most LIKELY) are the model's best codes for each position, the best
    first; `scalar` (m, SCALARS), `position` and `choice` (m, positions) are uniform numbers.
    """

    parent: Indices
    mate: Indices
    likely: Indices
    scalar: Uniforms
    position: Uniforms
    choice: Uniforms


@dataclass(frozen=True)
class Mutations:
    """The mutations in one space; each is chosen by its number."""

    space: CodeSpace

    @cached_property
    def all(self) -> tuple[Callable[[Draw], Indices], ...]:
        """Every mutation; `typical` only where the space has a prior."""
        typical = () if self.space.prior is None else (self.typical,)
        return (
            self.model,
            self.change,
            self.cross,
            self.patch,
            self.replace,
            self.tile,
            self.graft,
            *typical,
        )

    def model(self, draw: Draw) -> Indices:
        """Take the model's likely codes at a few to all positions."""
        share = self.space.positions ** (draw.scalar[:, :1] - 1)
        count = draw.likely.shape[2]
        spread = count ** draw.scalar[:, 1:2] / 2
        rank = np.minimum(-spread * np.log1p(-draw.choice), count - 1).astype(np.int64)
        likely = np.take_along_axis(draw.likely, rank[..., None], axis=2)[..., 0]
        return np.where(_some(draw.position, share), likely, draw.parent)

    def change(self, draw: Draw) -> Indices:
        """Change a few codes, most of them to near ones."""
        share = -np.log1p(-draw.scalar[:, :1]) * 2 / self.space.positions
        return np.where(
            _some(draw.position, share), self._other(draw.parent, draw.choice), draw.parent
        )

    def cross(self, draw: Draw) -> Indices:
        """Take up to half of the mate's codes."""
        return np.where(_some(draw.position, draw.scalar[:, :1] / 2), draw.mate, draw.parent)

    def patch(self, draw: Draw) -> Indices:
        """Take a patch of the mate, from where it goes or from elsewhere."""
        rows, columns = self._grid
        y, x = np.divmod(np.arange(self.space.positions), columns)
        high, wide = (1 + _whole(draw.scalar[:, k : k + 1], _LARGEST_PATCH) for k in (0, 1))
        y0, x0 = _whole(draw.scalar[:, 2:3], rows), _whole(draw.scalar[:, 3:4], columns)
        dy, dx = _whole(draw.scalar[:, 4:5], 2 * rows), _whole(draw.scalar[:, 5:6], columns)
        away = dy < rows
        source: Indices = (y + away * dy) % rows * columns + (x + away * dx) % columns
        inside = ((y - y0) % rows < high) & ((x - x0) % columns < wide)
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
        y0, x0 = _whole(draw.scalar[:, 2:3], rows), _whole(draw.scalar[:, 3:4], columns)
        source = ((y0 + y % high) % rows * columns + (x0 + x % wide) % columns).astype(np.int64)
        return np.take_along_axis(draw.parent, source, axis=1)

    def graft(self, draw: Draw) -> Indices:
        """Put a patch of a new texture, up to the whole image, into the parent."""
        rows, columns = self._grid
        y, x = np.divmod(np.arange(self.space.positions), columns)
        texture = weave(self.space, draw.scalar, draw.position, draw.choice)
        y0, high, x0, wide = (
            _whole(draw.scalar[:, WOVEN_FROM + k : WOVEN_FROM + k + 1], size)
            for k, size in enumerate((rows, rows, columns, columns))
        )
        inside = ((y - y0) % rows <= high) & ((x - x0) % columns <= wide)
        return np.where(inside, texture, draw.parent)

    def typical(self, draw: Draw) -> Indices:
        """Let the prior redraw a patch of the parent, up to the whole image.

        ValueError where the space has no prior.
        """
        if self.space.prior is None:
            raise ValueError(
                "the space has no prior: give CodeSpace one, or leave this mutation out"
            )
        rows, columns = self._grid
        y, x = np.divmod(np.arange(self.space.positions), columns)
        high, wide = (
            1 + _whole(draw.scalar[:, k : k + 1], n) for k, n in ((0, rows), (1, columns))
        )
        # a patch that went round the edges would be two, and not typical
        y0 = _whole(draw.scalar[:, 2:3], rows + 1 - high)
        x0 = _whole(draw.scalar[:, 3:4], columns + 1 - wide)
        inside = (y >= y0) & (y < y0 + high) & (x >= x0) & (x < x0 + wide)
        return self.space.prior.redraw(draw.parent, inside, draw.choice)

    def _other(self, codes: Indices, uniform: Uniforms) -> Indices:
        """Return another code: a near one in two of three cases, any in one."""
        others = self.space.codes - 1
        if self.space.embedding is None:
            return (codes + 1 + _whole(uniform, others)) % self.space.codes
        near = self._nearest[codes, _whole(uniform * 1.5 % 1, self._nearest.shape[1])]
        any_code = (codes + 1 + _whole(uniform * 3 % 1, others)) % self.space.codes
        return np.where(uniform < 2 / 3, near, any_code)

    @cached_property
    def _grid(self) -> tuple[int, int]:
        return grid_of(self.space)

    @cached_property
    def _nearest(self) -> Indices:
        """Codes nearest to each code, (codes, at most _NEAR)."""
        distance = squared_distances(np.asarray(self.space.embedding, dtype=np.float64))
        np.fill_diagonal(distance, np.inf)
        return np.argsort(distance, axis=1, kind="stable")[:, : min(_NEAR, len(distance) - 1)]


def _whole(uniform: Uniforms, below: int | Indices) -> Indices:
    whole: Indices = (uniform * below).astype(np.int64)
    return whole


def _some(uniform: Uniforms, share: Uniforms) -> npt.NDArray[np.bool_]:
    """Choose each position with probability `share` (m, 1), and at least one."""
    mask: npt.NDArray[np.bool_] = uniform <= np.maximum(share, uniform.min(axis=1, keepdims=True))
    return mask
