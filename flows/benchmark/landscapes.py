"""Made-up neurons over codes whose best stimulus is known: geometry tells all, a little, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import CodeSpace, Indices

Floats = NDArray[np.float64]

POSITIONS, CODES = 16, 64
_PARTS = 6
_PART_POSITIONS = 3
_AXIS_SPREADS = (1.0, 0.9, 0.8, 0.7, *(0.1,) * 28)
"""Deviations of a codebook's axes: nearly all of its variance lies in four, as in MANGO's."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """N made-up neurons over one space of codes."""

    space: CodeSpace
    values: Callable[[Indices], Floats]
    """Points (k, positions) to responses (k, N), the highest of which is 1, the mean of random ones about 0."""


def additive(
    rng: np.random.Generator, neurons: int, spreads: tuple[float, ...] = _AXIS_SPREADS
) -> Landscape:
    """Make neurons that sum, over positions, a linear function of the code's vector."""
    space = _space(rng, spreads)
    weights = rng.normal(size=(neurons, POSITIONS, len(spreads)))
    effects = np.einsum("npd,kd->npk", weights, _vectors(space))
    return Landscape(space, _sum_of(effects))


def even(rng: np.random.Generator, neurons: int) -> Landscape:
    """Make neurons that sum squares of such functions: no first-order model tells which way is up."""
    space = _space(rng, _AXIS_SPREADS)
    weights = rng.normal(size=(neurons, POSITIONS, len(_AXIS_SPREADS)))
    effects = np.einsum("npd,kd->npk", weights, _vectors(space)) ** 2
    return Landscape(space, _sum_of(effects))


def conjunctions(rng: np.random.Generator, neurons: int) -> Landscape:
    """Make neurons that look for six parts, each of three codes that must come together; near codes count in part."""
    space = _space(rng, _AXIS_SPREADS)
    vectors = _vectors(space)
    distance = np.square(vectors[:, None] - vectors).sum(2)
    likeness = np.exp(-distance / (0.5 * np.median(distance)))
    hidden = rng.integers(CODES, size=(neurons, POSITIONS))
    places = rng.permuted(np.tile(np.arange(POSITIONS), (neurons, 1)), axis=1)
    # sixteen positions make five whole parts, and the sixth shares some of them
    parts = np.resize(places, (neurons, _PARTS, _PART_POSITIONS))

    def values(points: Indices) -> Floats:
        near = likeness[points[:, None], hidden]  # (k, neurons, positions)
        rows = np.arange(neurons)[:, None, None]
        return np.asarray(near[:, rows, parts].prod(axis=3).mean(axis=2))

    return Landscape(space, values)


def tables(rng: np.random.Generator, neurons: int) -> Landscape:
    """Make neurons that sum, over positions, a number of each code's own: its vector says nothing of it."""
    space = _space(rng, _AXIS_SPREADS)
    return Landscape(space, _sum_of(rng.normal(size=(neurons, POSITIONS, CODES))))


def needles(rng: np.random.Generator, neurons: int) -> Landscape:
    """Make neurons that count the positions that match a hidden image exactly."""
    space = _space(rng, _AXIS_SPREADS)
    hidden = rng.integers(CODES, size=(neurons, POSITIONS))
    return Landscape(space, lambda points: (points[:, None] == hidden).mean(axis=2))


FAMILIES: Mapping[str, Callable[[np.random.Generator, int], Landscape]] = {
    "additive": additive,
    **{f"isotropic, {axes}": partial(additive, spreads=(1.0,) * axes) for axes in (4, 8, 16, 32)},
    "even": even,
    "conjunctions": conjunctions,
    "tables": tables,
    "needles": needles,
}
"""Every family by the name that the table gives it; ``isotropic``: additive, on a codebook with so many equally wide axes."""


def _space(rng: np.random.Generator, spreads: tuple[float, ...]) -> CodeSpace:
    return CodeSpace(POSITIONS, CODES, embedding=rng.normal(size=(CODES, len(spreads))) * spreads)


def _vectors(space: CodeSpace) -> Floats:
    assert space.embedding is not None
    return np.asarray(space.embedding, np.float64)


def _sum_of(effects: Floats) -> Callable[[Indices], Floats]:
    """Return the sum of effects (N, positions, codes), scaled so that 1 is the highest and 0 the mean."""
    centred = effects - effects.mean(axis=2, keepdims=True)
    scaled = centred / centred.max(axis=2).sum(axis=1)[:, None, None]
    return lambda points: (
        np.asarray(sum(scaled[:, place, points[:, place]] for place in range(POSITIONS))).T
    )
