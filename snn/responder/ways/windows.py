"""A first layer behind spikes of few channels: see ``kernels.window_tables``."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.filters import aligned, lanes
from spikeatlas.snn.responder.kernels import window_tables as kernel
from spikeatlas.snn.responder.kernels.tiles import Filters
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling, stored_channels
from spikeatlas.snn.responder.signals import Counts, Spikes
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import (
    Batches,
    LayerPlan,
    Way,
    row_tilings,
    tiling_of,
    tilings,
)
from spikeatlas.snn.responder.ways.factorised import stored_map, unfolded
from spikeatlas.snn.responder.ways.recount import Recount, counted, inputs_of

_CHANNELS = 6
"""Most channels: three of both signs. With more, one weight after the other of those that fire is as fast."""
_CODE_BITS, _ROW_BITS = 8, 64
"""Most inputs whose patterns are kept together, and most columns of a map with its padding."""
_TABLE = 2**19
"""Most bytes of the tables of 32 lanes: what is looked up of them stays in the second-level cache."""
_ENTRY = 1.5
"""Nanoseconds of one entry of a table added to 32 lanes."""
_CODE = 0.6
"""Nanoseconds of one pattern written."""


@dataclasses.dataclass(frozen=True, eq=False)
class Windows(Way):
    """Sums an entry of a table for every row and channel of a window."""

    name = "windows"
    title = "layer by layer: weights looked up per pattern of a window's row"

    tiling: Tiling
    filters: Filters
    tables: npt.NDArray[np.float32]
    """Flat (blocks, window rows, channels, patterns, 32)."""
    signs: int
    """2 for spikes of both signs, which come as two maps one behind the other; else 1."""
    time_steps: int
    neurons: int
    """Neurons asked for."""
    passes_on: bool
    """True if a layer follows."""
    recount: Recount | None
    height: float
    """Of the spikes that are handed on."""

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        if feed.signal is not Spikes:
            return "its inputs are no spikes of one height"
        if site.problem or not site.shape.simple:
            return site.problem or "its convolution is not simple"
        if not site.first or feed.channels > _CHANNELS:
            return f"it is no first layer of at most {_CHANNELS} channels"
        width = site.shape.width
        if width.inputs + 2 * (width.padding + width.pool_padding * width.stride) > _ROW_BITS:
            return f"its map is wider than {_ROW_BITS}"
        return None

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        for tiling in (
            *tilings(site, feed.channels),
            *row_tilings(site, feed.channels, len(site.neurons)),
        ):
            signs = _signs(feed)
            small = 4 * LANES * _entries(tiling, signs) <= _TABLE
            if signs * tiling.width.window <= _CODE_BITS and small:
                cost = cls.cost(tiling, signs, site.time_steps)
                yield LayerPlan(site.name, cls.name, site.neurons, cost, tiling)

    @staticmethod
    def cost(tiling: Tiling, signs: int, time_steps: int) -> float:
        """Entries looked up, patterns written."""
        rows = min(tiling.height.window, tiling.height.inputs) * tiling.channels // signs
        blocks = tiling.blocks * (costs.passes(tiling) * rows * _ENTRY + costs.FIRE)
        codes = tiling.height.inputs * tiling.width.tiles * tiling.width.passes * tiling.channels
        return time_steps * (costs.tiles(tiling) * blocks + _CODE * codes)

    @classmethod
    def gives(cls, site: Site, plan: LayerPlan) -> Feed:
        """See ``Way``."""
        return Feed(Spikes, stored_channels(tiling_of(plan)), height=site.height)

    @classmethod
    def prepare(cls, site: Site, plan: LayerPlan, feed: Feed, batches: Batches) -> Self:
        """See ``Way``."""
        del batches
        tiling = tiling_of(plan)
        recount = Recount.of(site, plan.neurons)
        filters = lanes(site, feed, tiling, plan.neurons, guarded=recount is not None)
        rest = (len(plan.neurons), not site.last, recount, site.height)
        signs = _signs(feed)
        return cls(tiling, filters, _tables(filters, tiling, signs), signs, site.time_steps, *rest)

    def __call__(self, signal: Spikes) -> tuple[Counts, Spikes | None]:
        """Spike counts int64 (n, neurons), and the spikes if a layer follows."""
        count, steps_in_bytes = signal.bits.shape[:2]
        arrays = signal.bits.reshape(count, steps_in_bytes, -1), self.time_steps, self.tiling
        room = _room(self.tiling, self.signs, self.time_steps)
        counts, spikes = counted(
            functools.partial(kernel.respond, *arrays, self.filters, self.tables, room),
            count,
            self.neurons,
            steps_in_bytes * stored_map(self.tiling) if self.passes_on else 0,
            self.recount,
            inputs_of(signal, self.time_steps),
        )
        if not self.passes_on:
            return counts, None
        return counts, unfolded(spikes, self.tiling, steps_in_bytes, self.height)


def _signs(feed: Feed) -> int:
    return 2 if feed.signed else 1


def _entries(tiling: Tiling, signs: int) -> int:
    """Vectors in the tables of a block."""
    return tiling.height.window * tiling.channels // signs * 2 ** (signs * tiling.width.window)


def _tables(filters: Filters, tiling: Tiling, signs: int) -> npt.NDArray[np.float32]:
    """Sum the weights of every pattern, in the order of the columns, up before down."""
    rows, columns, channels = tiling.height.window, tiling.width.window, tiling.channels // signs
    weights = filters.weights.reshape(tiling.blocks, rows, columns, signs, channels, LANES)
    flat = aligned(tiling.blocks * _entries(tiling, signs) * LANES)
    tables = flat.reshape(tiling.blocks, rows, channels, -1, LANES)
    for bit, (sign, column) in enumerate(np.ndindex(signs, columns)):
        # patterns with this input for the last are those without it, and its weight
        size = 2**bit
        tables[..., size : 2 * size, :] = (
            tables[..., :size, :] + weights[:, :, column, sign, :, None, :]
        )
    return flat


def _room(tiling: Tiling, signs: int, time_steps: int) -> kernel.WindowRoom:
    """Working arrays of one call."""
    passes, steps = tiling.width.tiles * tiling.width.passes, -(-time_steps // 8) * 8
    channels = tiling.channels // signs
    return kernel.WindowRoom(
        # one vector more, for loads across groups of lanes
        currents=aligned((steps + 1) * LANES),
        rows=np.zeros((signs, channels, steps), np.uint64),
        codes=np.zeros((tiling.height.inputs, passes, channels, steps), np.uint8),
    )
