"""The contract of ways that sum weights of spikes tile by tile in one compiled pass, neurons and counts included."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator
from typing import Self

from spikeatlas.snn.responder.filters import lanes
from spikeatlas.snn.responder.kernels.tiles import Filters
from spikeatlas.snn.responder.kernels.tiling import Tiling, stored_channels
from spikeatlas.snn.responder.signals import Bytes, Counts, Spikes
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
from spikeatlas.snn.responder.ways.recount import Kernel, Recount, counted, inputs_of


@dataclasses.dataclass(frozen=True, eq=False)
class SpikeSums(Way):
    """Sums weights of spikes of one height; a member says by which kernel."""

    tiling: Tiling
    filters: Filters
    feed: Feed
    """Input of the layer."""
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
        return site.problem or (None if site.shape.simple else "its convolution is not simple")

    @staticmethod
    def tilings(site: Site, feed: Feed) -> Iterator[Tiling]:
        """Ways to deal the layer's work out to the lanes."""
        yield from tilings(site, feed.channels)
        yield from row_tilings(site, feed.channels, len(site.neurons))

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
        return cls(tiling, filters, feed, site.time_steps, *rest)

    @abstractmethod
    def kernel(self, bits: Bytes) -> Kernel:
        """Return the pass over spikes uint8 (n, bytes of T steps, map * channels)."""

    def __call__(self, signal: Spikes) -> tuple[Counts, Spikes | None]:
        """Spike counts int64 (n, neurons), and the spikes if a layer follows."""
        count, steps_in_bytes = signal.bits.shape[:2]
        counts, spikes = counted(
            self.kernel(signal.bits.reshape(count, steps_in_bytes, -1)),
            count,
            self.neurons,
            steps_in_bytes * stored_map(self.tiling) if self.passes_on else 0,
            self.recount,
            inputs_of(signal, self.time_steps),
        )
        if not self.passes_on:
            return counts, None
        return counts, unfolded(spikes, self.tiling, steps_in_bytes, self.height)
