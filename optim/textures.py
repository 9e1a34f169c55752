"""Code images that many neurons can be screened with: noise, palettes and tilings.

A neuron that pools over its map answers most to a texture that fills it, which independent codes never
make: their pooled composition is always the same. Palettes and tilings vary it.
"""

from __future__ import annotations

import math

import numpy as np

from optim.space import CodeSpace, Indices

_LARGEST_TILE = 4
_LARGEST_PALETTE = 3  # in powers of two


def grid_of(space: CodeSpace) -> tuple[int, int]:
    """Rows and columns of the grid that positions form, row by row; the squarest that there is."""
    rows = next(r for r in range(math.isqrt(space.positions), 0, -1) if space.positions % r == 0)
    return rows, space.positions // rows


def draw_textures(space: CodeSpace, rng: np.random.Generator, count: int) -> Indices:
    """Draw `count` points: a quarter from the prior, a quarter of few codes anywhere, half tiled.

    A palette has 1, 2, 4 or 8 codes at random places; a tile is 1 to 4 codes high and wide.
    """
    _, columns = grid_of(space)
    y, x = np.divmod(np.arange(space.positions), columns)
    kind = rng.integers(4, size=count)
    sizes = rng.integers(1, _LARGEST_TILE + 1, size=(2, count, 1))
    tiled = (y % sizes[0]) * _LARGEST_TILE + x % sizes[1]
    colours = 2 ** rng.integers(0, _LARGEST_PALETTE + 1, size=(count, 1))
    anywhere = rng.integers(colours, size=(count, space.positions))
    tile = rng.integers(space.codes, size=(count, _LARGEST_TILE**2))
    noise = rng.integers(space.codes, size=(count, space.positions))
    textured = np.take_along_axis(tile, np.where(kind[:, None] == 1, anywhere, tiled), axis=1)
    return np.where(kind[:, None] == 0, noise, textured)
