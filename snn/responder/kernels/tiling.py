"""Places of the inputs of a layer's neurons, as the compiled loops know a layer's shape.

Plain numbers only. Lengths and places count pixels of the layer's input map, unless said otherwise;
a linear layer is a convolution as large as its input map, with one position.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

LANES = 32
"""Numbers that the compiled loops work on at once."""


@dataclasses.dataclass(frozen=True)
class Span:
    """One axis (height or width) of a convolution and the pooling behind it."""

    inputs: int
    """Length of the input map."""
    kernel: int
    stride: int
    padding: int
    pool: int = 1
    """Side of the pool's window in positions of the convolution; 1: no pool."""
    pool_stride: int = 1
    pool_padding: int = 0

    @property
    def positions(self) -> int:
        """Positions of the convolution."""
        return (self.inputs + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def outputs(self) -> int:
        """Length of the map behind the pool: the neurons' map."""
        return (self.positions + 2 * self.pool_padding - self.pool) // self.pool_stride + 1

    def window(self, outputs: int) -> int:
        """Inputs that ``outputs`` neighbours of the neurons' map see together."""
        return ((outputs - 1) * self.pool_stride + self.pool - 1) * self.stride + self.kernel


class Axis(NamedTuple):
    """One axis of a tiling, as the compiled loops take it."""

    inputs: int
    """Length of the input map."""
    window: int
    """Inputs that one pass sees."""
    origin: int
    """First input of the first tile's first pass (negative: in the padding)."""
    step: int
    """From one tile's inputs to the next one's."""
    tiles: int
    """Number of tiles."""
    pool: int
    """Side of the pool's window in positions of the convolution."""
    passes: int
    """Positions of a pool's window that are computed one after the other: all, or 1."""
    pass_step: int
    """From one pass' inputs to the next one's."""
    first: int
    """Position of the convolution where the first tile's first pass stands (negative: padding)."""
    lead: int
    """From one tile's positions to the next one's."""
    positions: int
    """Positions of the convolution: a pass outside is skipped."""
    outputs: int
    """Length of the neurons' map."""
    tile: int
    """Neighbours of the neurons' map in one tile."""


class Tiling(NamedTuple):
    """A layer's positions and filters, dealt out to vectors of 32 lanes.

    Either 32 lanes are 32 filters at one position, and the positions of a pool's window are passes
    one after the other, or those of one of its rows groups of lanes; or, where only a few filters are
    asked for, 32 lanes are filters times positions of a small tile, all computed in one pass over the
    tile's inputs.
    """

    height: Axis
    width: Axis
    channels: int
    """Channels of the input map, as stored."""
    blocks: int
    """Vectors of 32 lanes."""
    fold: int
    """Groups of lanes whose maximum is the pool (1: lanes are filters)."""


def lanes_of_a_place(tiling: Tiling) -> int:
    """Lanes that the filters at one position have: all, or those of a group."""
    places = tiling.height.tile * tiling.width.tile
    return tiling.blocks * LANES // tiling.fold // places


def stored_channels(tiling: Tiling) -> int:
    """Channels of the spikes as they are written, at least as many as there are filters."""
    return tiling.blocks * LANES // (tiling.height.tile * tiling.width.tile)


def _axis(span: Span, tile: int, *, folded: bool) -> Axis:
    lead = tile * span.pool_stride
    return Axis(
        inputs=span.inputs,
        window=span.window(tile) if folded else span.kernel,
        origin=-span.pool_padding * span.stride - span.padding,
        step=lead * span.stride,
        tiles=-(-span.outputs // tile),
        pool=span.pool,
        passes=1 if folded else span.pool,
        pass_step=span.stride,
        first=-span.pool_padding,
        lead=lead,
        positions=span.positions,
        outputs=span.outputs,
        tile=tile,
    )


def by_filters(height: Span, width: Span, channels: int, filters: int) -> Tiling:
    """Lanes are filters: one tile for each neuron of the map."""
    axes = _axis(height, 1, folded=False), _axis(width, 1, folded=False)
    return Tiling(axes[0], axes[1], channels, blocks=-(-filters // LANES), fold=1)


def by_columns(height: Span, width: Span, channels: int) -> Tiling:
    """Lanes are filters times the columns of a pool's window, for few filters behind which a layer follows.

    Filters times these columns must not exceed the lanes; the rows of the window are passes one after the other.
    """
    axes = _axis(height, 1, folded=False), _axis(width, 1, folded=True)
    return Tiling(axes[0], axes[1], channels, blocks=1, fold=width.pool)


def by_positions(height: Span, width: Span, channels: int, tile: tuple[int, int]) -> Tiling:
    """Lanes are filters times the positions of ``tile`` (neighbours along height and width).

    Filters times neighbours times the pool's window must not exceed the lanes. Where there is no pool, the tiles are
    one position high, and fill the map's rows, a layer may follow: the lanes are then the spikes as they are written.
    """
    axes = _axis(height, tile[0], folded=True), _axis(width, tile[1], folded=True)
    return Tiling(axes[0], axes[1], channels, blocks=1, fold=height.pool * width.pool)
