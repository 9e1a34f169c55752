"""The modes of a tensor train over a grid: an axis of the space each, or each of an axis's bits."""

from __future__ import annotations

from dataclasses import dataclass

import teneva

from spikeatlas.optim.spaces.space import Indices, Space


@dataclass(frozen=True)
class Modes:
    """How grid indices (k, dim) are spread over `count` modes of `size` values, position-major.

    With `bits` an axis is that many binary modes, least significant bit first; 0: an axis is a mode.
    """

    count: int
    size: int
    bits: int

    def split(self, indices: Indices) -> Indices:
        """Mode values (k, count) of grid indices (k, dim)."""
        if not self.bits:
            return indices
        split: Indices = teneva.ind_tt_to_qtt(indices, 2**self.bits)
        return split

    def join(self, values: Indices) -> Indices:
        """Grid indices (k, dim) of mode values (k, count)."""
        if not self.bits:
            return values
        joined: Indices = teneva.ind_qtt_to_tt(values, self.bits)
        return joined


def modes_of(space: Space, *, quantize: bool) -> Modes:
    """Spread the axes of a space over modes, binary ones with `quantize`.

    ValueError for a continuous space, and for `quantize` where the number of levels is no power of
    two.
    """
    levels = space.levels
    if levels is None:
        raise ValueError(
            "levels is None, but a tensor train needs a grid; set levels, say 64, or "
            "choose a method for continuous spaces"
        )
    if not quantize:
        return Modes(space.dim, levels, 0)
    bits = levels.bit_length() - 1
    if levels != 2**bits:
        raise ValueError(
            f"levels (codes) is {levels}, no power of two, but quantize is true; set "
            "quantize: false, or choose a power of two"
        )
    return Modes(space.dim * bits, 2, bits)
