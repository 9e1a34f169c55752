"""Code images that many neurons can be screened with: noise, palettes and tilings.

A neuron that pools over its map answers most to a texture that fills it, which independent codes never
make: their pooled composition is always the same. Palettes and tilings vary it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.spaces.space import CodeSpace, Indices

Uniforms = npt.NDArray[np.float64]
WOVEN_FROM = 4
"""Uniform numbers that say what a texture is, beside those for its places and codes."""
_NOISE_SHARE = 1 / 4
_PALETTE_SHARE = 1 / 3
_LARGEST_TILE = 4
_LARGEST_PALETTE = 3  # in powers of two
_TILE = _LARGEST_TILE**2


def grid_of(space: CodeSpace) -> tuple[int, int]:
    """Rows and columns of the grid that positions form, row by row; the squarest that there is."""
    rows = next(r for r in range(math.isqrt(space.positions), 0, -1) if space.positions % r == 0)
    return rows, space.positions // rows


def draw_textures(space: CodeSpace, rng: np.random.Generator, count: int) -> Indices:
    """Draw `count` points: a quarter from the prior, a quarter of few codes anywhere, half tiled."""
    uniform = rng.integers(space.codes, size=(count, space.positions))
    place = rng.random((count, space.positions))
    woven = weave(space, rng.random((count, WOVEN_FROM)), place, rng.random((count, _TILE)))
    chosen = rng.random(count) < _NOISE_SHARE
    if space.prior is None:
        return np.where(chosen[:, None], uniform, woven)
    # drawing typical points takes its time: no more than are shown
    woven[chosen] = space.sample(rng, int(chosen.sum()))
    return woven


def weave(space: CodeSpace, scalar: Uniforms, place: Uniforms, choice: Uniforms) -> Indices:
    """Make textures (m, positions) of uniform numbers.

    Two in three are tiled, by a tile 1 to 4 codes high and wide; the others are a palette of 1, 2, 4 or 8
    codes, anywhere. `scalar` (m, WOVEN_FROM) says which, `place` (m, positions) where a palette's codes
    stand, `choice` (m, any) which codes there are.
    """
    _, columns = grid_of(space)
    y, x = np.divmod(np.arange(space.positions), columns)
    high, wide = (1 + (scalar[:, k : k + 1] * _LARGEST_TILE).astype(np.int64) for k in (0, 1))
    tiled = (y % high) * _LARGEST_TILE + x % wide
    colours = 2 ** (scalar[:, 2:3] * (_LARGEST_PALETTE + 1)).astype(np.int64)
    anywhere = (place * colours).astype(np.int64)
    source = np.where(scalar[:, 3:4] < _PALETTE_SHARE, anywhere, tiled)
    codes = (choice[:, :_TILE] * space.codes).astype(np.int64)
    return np.take_along_axis(codes, source % codes.shape[1], axis=1)
