"""A first layer behind spikes of few channels: see ``kernels.window_tables``."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.filters import aligned
from spikeatlas.snn.responder.kernels import window_tables as kernel
from spikeatlas.snn.responder.kernels.tiles import Filters
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling
from spikeatlas.snn.responder.signals import Bytes
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import LayerPlan
from spikeatlas.snn.responder.ways.recount import Kernel
from spikeatlas.snn.responder.ways.spike_sums import SpikeSums

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


class Windows(SpikeSums):
    """Sums an entry of a table for every row and channel of a window."""

    name = "windows"
    title = "layer by layer: weights looked up per pattern of a window's row"

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        if problem := super().fits(site, feed):
            return problem
        if not site.first or feed.channels > _CHANNELS:
            return f"it is no first layer of at most {_CHANNELS} channels"
        width = site.shape.width
        if width.inputs + 2 * (width.padding + width.pool_padding * width.stride) > _ROW_BITS:
            return f"its map is wider than {_ROW_BITS}"
        return None

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        signs = _signs(feed)
        for tiling in cls.tilings(site, feed):
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

    def kernel(self, bits: Bytes) -> Kernel:
        """See ``SpikeSums``."""
        room = _room(self.tiling, _signs(self.feed), self.time_steps)
        arrays = bits, self.time_steps, self.tiling, self.filters, self._tables, room
        return functools.partial(kernel.respond, *arrays)

    @functools.cached_property
    def _tables(self) -> npt.NDArray[np.float32]:
        """Flat (blocks, window rows, channels, patterns, 32)."""
        return _tables(self.filters, self.tiling, _signs(self.feed))


def _signs(feed: Feed) -> int:
    """Return 2 for spikes of both signs, which come as two maps one behind the other; else 1."""
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
