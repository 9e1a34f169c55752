"""Any layer behind spikes of one height: see ``kernels.patterns``."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.filters import aligned
from spikeatlas.snn.responder.kernels import patterns as kernel
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling
from spikeatlas.snn.responder.signals import Bytes
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import LayerPlan
from spikeatlas.snn.responder.ways.recount import Kernel
from spikeatlas.snn.responder.ways.spike_sums import SpikeSums

# Nanoseconds of four time steps of 32 lanes: 15 patterns cleared, and summed into four currents.
_GROUP = 90.0
# One input listed for four time steps.
_LIST = 0.9
# Share of inputs that fire within four steps. Natural pictures lie below (0.4), noise above (0.9).
_ACTIVE = 0.65


class Patterns(SpikeSums):
    """Sums weights per pattern of four time steps."""

    name = "patterns"
    title = "layer by layer: weights summed per pattern of four time steps"

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        if problem := super().fits(site, feed):
            return problem
        listed = 5 * -(-site.time_steps // 4) * site.shape.input_map
        return None if listed <= site.memory // 4 else "its inputs have no room in the memory"

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        for tiling in cls.tilings(site, feed):
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

    def kernel(self, bits: Bytes) -> Kernel:
        """See ``SpikeSums``."""
        room = pattern_room(self.tiling, self.time_steps)
        return functools.partial(
            kernel.respond, bits, self.time_steps, self.tiling, self.filters, room
        )


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
