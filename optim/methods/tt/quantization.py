"""The modes of a tensor train over a grid: an axis of the space each, or each of the digits of an axis's index."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spikeatlas.optim.spaces import Indices, Space


@dataclass(frozen=True)
class Modes:
    """Grid indices (k, dim) spread over modes, position-major.

    `radices`: the number of values of each digit of an axis, the least significant first; their product is that
    of the axis's levels. One radix: an axis is a mode.
    """

    dim: int
    radices: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of values of each mode."""
        return self.radices * self.dim

    @property
    def count(self) -> int:
        """Number of modes."""
        return len(self.sizes)

    @property
    def size(self) -> int:
        """Number of values of the largest mode."""
        return max(self.radices)

    def split(self, indices: Indices) -> Indices:
        """Return the mode values (k, count) of grid indices (k, dim)."""
        digits = indices[:, :, None] // self._weights % np.array(self.radices)
        return np.asarray(digits.reshape(len(indices), self.count), np.int64)

    def join(self, values: Indices) -> Indices:
        """Return the grid indices (k, dim) of mode values (k, count)."""
        digits = values.reshape(len(values), self.dim, len(self.radices))
        return np.asarray(digits @ self._weights, np.int64)

    @cached_property
    def _weights(self) -> Indices:
        """Worth of each digit of an axis."""
        return np.cumprod([1, *self.radices[:-1]])


def modes_problems(space: Space) -> list[str]:
    """Say why the axes of a space cannot be spread over modes."""
    if space.levels is None:
        return [
            (
                "levels is None, but a tensor train needs a grid; set levels, say 64, or "
                "choose a method for continuous spaces"
            )
        ]
    return []


def modes_of(space: Space, *, quantize: bool) -> Modes:
    """Spread the axes of a space over modes; ValueError with the first of the `modes_problems`.

    With `quantize` an axis's digits are the prime factors of its levels: bits where these are a power of two.
    """
    if space.levels is None:
        raise ValueError(modes_problems(space)[0])
    return Modes(space.dim, prime_factors(space.levels) if quantize else (space.levels,))


def prime_factors(number: int) -> tuple[int, ...]:
    """Return the prime factors of a number >= 2, ascending."""
    factors, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return (*factors, number) if number > 1 else tuple(factors)
