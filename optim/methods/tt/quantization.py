"""The modes of a tensor train over a grid: an axis of the space each, or each of an axis's bits."""

from __future__ import annotations

from dataclasses import dataclass

import teneva

from spikeatlas.optim.spaces import Indices, Space


@dataclass(frozen=True)
class Modes:
    """Grid indices (k, dim) spread over `count` modes of `size` values, position-major.

    With `bits` an axis is so many binary modes, least significant bit first; with 0 an axis is a mode.
    """

    count: int
    size: int
    bits: int

    def split(self, indices: Indices) -> Indices:
        """Return the mode values (k, count) of grid indices (k, dim)."""
        if not self.bits:
            return indices
        values: Indices = teneva.ind_tt_to_qtt(indices, 2**self.bits)
        return values

    def join(self, values: Indices) -> Indices:
        """Return the grid indices (k, dim) of mode values (k, count)."""
        if not self.bits:
            return values
        indices: Indices = teneva.ind_qtt_to_tt(values, self.bits)
        return indices


def modes_problems(space: Space, *, quantize: bool) -> list[str]:
    """Say why the axes of a space cannot be spread over modes, binary ones with `quantize`."""
    levels = space.levels
    if levels is None:
        return [
            (
                "levels is None, but a tensor train needs a grid; set levels, say 64, or "
                "choose a method for continuous spaces"
            )
        ]
    if quantize and levels != 2 ** _bits(levels):
        return [
            (
                f"levels (codes) is {levels}, no power of two, but quantize is true; set "
                "quantize: false, or choose a power of two"
            )
        ]
    return []


def modes_of(space: Space, *, quantize: bool) -> Modes:
    """Spread the axes of a space over modes; ValueError with the first of the `modes_problems`."""
    problems, levels = modes_problems(space, quantize=quantize), space.levels
    if levels is None or problems:
        raise ValueError(problems[0])
    if not quantize:
        return Modes(space.dim, levels, 0)
    bits = _bits(levels)
    return Modes(space.dim * bits, 2, bits)


def _bits(levels: int) -> int:
    return levels.bit_length() - 1
