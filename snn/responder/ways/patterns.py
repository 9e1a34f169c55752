"""Any layer behind spikes of one height: see ``kernels.patterns``."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Self

import numpy as np

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.filters import aligned, lanes
from spikeatlas.snn.responder.kernels import patterns as kernel
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

# Nanoseconds of four time steps of 32 lanes: 15 patterns cleared, and summed into four currents.
_GROUP = 90.0
# One input listed for four time steps.
_LIST = 0.9
# Share of inputs that fire within four steps. Natural pictures lie below (0.4), noise above (0.9).
_ACTIVE = 0.65


@dataclasses.dataclass(frozen=True, eq=False)
class Patterns(Way):
    """Sums weights per pattern of four time steps."""

    name = "patterns"
    title = "layer by layer: weights summed per pattern of four time steps"

    tiling: Tiling
    filters: Filters
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
        listed = 5 * -(-site.time_steps // 4) * site.shape.input_map
        return None if listed <= site.memory // 4 else "its inputs have no room in the memory"

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        for tiling in (
            *tilings(site, feed.channels),
            *row_tilings(site, feed.channels, len(site.neurons)),
        ):
            cost = cls.cost(tiling, site.time_steps)
            yield LayerPlan(site.name, cls.name, site.neurons, cost, tiling)

    @staticmethod
    def cost(tiling: Tiling, time_steps: int) -> float:
        """Weights summed per pattern of four steps."""
        groups = -(-time_steps // 4)
        one_pass = groups * (costs.ROW * _ACTIVE * costs.window(tiling) + _GROUP)
        blocks = tiling.blocks * (costs.passes(tiling) * one_pass + costs.FIRE * time_steps)
        inputs = tiling.height.inputs * tiling.width.inputs * tiling.channels
        return costs.tiles(tiling) * blocks + _LIST * groups * inputs

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
        return cls(tiling, filters, site.time_steps, *rest)

    def __call__(self, signal: Spikes) -> tuple[Counts, Spikes | None]:
        """Spike counts int64 (n, neurons), and the spikes if a layer follows."""
        count, steps_in_bytes = signal.bits.shape[:2]
        bits, room = (
            signal.bits.reshape(count, steps_in_bytes, -1),
            pattern_room(self.tiling, self.time_steps),
        )
        counts, spikes = counted(
            functools.partial(
                kernel.respond, bits, self.time_steps, self.tiling, self.filters, room
            ),
            count,
            self.neurons,
            self._written(),
            self.recount,
            inputs_of(signal, self.time_steps),
        )
        if not self.passes_on:
            return counts, None
        return counts, unfolded(spikes, self.tiling, steps_in_bytes, self.height)

    def _written(self) -> int:
        return -(-self.time_steps // 8) * stored_map(self.tiling) if self.passes_on else 0


def pattern_room(tiling: Tiling, time_steps: int) -> kernel.PatternRoom:
    """Working arrays of one call."""
    groups = -(-time_steps // 4)
    pixels = tiling.height.inputs * tiling.width.inputs
    # one more: a silent input is written behind the last active one, and then over
    inputs = pixels * tiling.channels + 1
    return kernel.PatternRoom(
        sums=aligned(kernel.PATTERNS * LANES),
        # one vector more, for loads across groups of lanes
        currents=aligned((4 * groups + 1) * LANES),
        patterns=np.zeros((groups, inputs), np.uint8),
        columns=np.zeros((groups, inputs), np.int32),
        begins=np.zeros((groups, pixels + 1), np.int32),
    )
