"""Code images that many neurons can be screened with: noise, palettes and tilings.

A neuron that pools over its map answers most to a texture that fills it, which independent codes never
make: their pooled composition is always the same. Palettes and tilings vary it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.spaces import CodeSpace, Indices

Uniforms = npt.NDArray[np.float64]
WOVEN_FROM = 4
"""Number of uniform numbers that describe a texture, beside those for its positions and codes."""
_NOISE_SHARE = 1 / 4
_PALETTE_SHARE = 1 / 3
_LARGEST_TILE = 4
_LARGEST_PALETTE = 3  # in powers of two
_TILE = _LARGEST_TILE**2


def grid_of(space: CodeSpace) -> tuple[int, int]:
    """Return rows and columns of the grid that positions form, row by row; the squarest that there is."""
    rows = next(r for r in range(math.isqrt(space.positions), 0, -1) if space.positions % r == 0)
    return rows, space.positions // rows


def draw_textures(space: CodeSpace, rng: np.random.Generator, count: int) -> Indices:
    """Draw `count` points: a quarter from the prior, a quarter of few codes anywhere, half tiled."""
    uniform = rng.integers(space.codes, size=(count, space.positions))
    position = rng.random((count, space.positions))
    points = weave(space, rng.random((count, WOVEN_FROM)), position, rng.random((count, _TILE)))
    noise = rng.random(count) < _NOISE_SHARE
    if space.prior is None:
        return np.where(noise[:, None], uniform, points)
    # drawing typical points takes its time: no more than are shown
    points[noise] = space.sample(rng, int(noise.sum()))
    return points


def weave(space: CodeSpace, scalar: Uniforms, position: Uniforms, choice: Uniforms) -> Indices:
    """Make textures (m, positions) of uniform numbers.

    Two in three are tiled, by a tile 1 to 4 codes high and wide; the others are a palette of 1, 2, 4 or 8
    codes, anywhere. `scalar` (m, WOVEN_FROM) says which, `position` (m, positions) where a palette's codes
    stand, `choice` (m, any) which codes there are.
    """
    _, columns = grid_of(space)
    y, x = np.divmod(np.arange(space.positions), columns)
    high, wide = (1 + (scalar[:, k : k + 1] * _LARGEST_TILE).astype(np.int64) for k in (0, 1))
    tiled = (y % high) * _LARGEST_TILE + x % wide
    colours = 2 ** (scalar[:, 2:3] * (_LARGEST_PALETTE + 1)).astype(np.int64)
    anywhere = (position * colours).astype(np.int64)
    source = np.where(scalar[:, 3:4] < _PALETTE_SHARE, anywhere, tiled)
    codes = (choice[:, :_TILE] * space.codes).astype(np.int64)
    return np.take_along_axis(codes, source % codes.shape[1], axis=1)
