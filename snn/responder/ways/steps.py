"""First layer under currents that are constant, or there at the first step alone, its neurons stepped through time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.filters import operator_bias
from spikeatlas.snn.responder.shapes import LayerShape
from spikeatlas.snn.responder.signals import Pixels, Spikes
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import Batches, Images, LayerPlan, Part, Way
from spikeatlas.snn.responder.ways.currents import Currents
from spikeatlas.snn.responder.ways.neuron_steps import CompiledStep


@dataclasses.dataclass(frozen=True, eq=False)
class BySteps(Way):
    """Pools the currents once and steps the neurons through time under them."""

    name = "steps"
    title = "constant current: operator and pool once, then all neurons through time"

    currents: Currents
    step: CompiledStep
    time_steps: int
    neurons: tuple[int, ...]
    """Neurons asked for; the currents are all neurons'."""
    passes_on: bool
    """True if a layer follows."""
    rest: npt.NDArray[np.float32]
    """Currents (1, filters) of all steps but the first, of an image that is there at the first alone; (0, filters)."""

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        return site.problem if feed.signal is Pixels else "its currents are not constant"

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        cost = cls.cost(site.shape, site.time_steps)
        note = "the image at the first step alone" if feed.pulse else ""
        yield LayerPlan(site.name, cls.name, site.everyone, cost, note=note)

    @staticmethod
    def cost(shape: LayerShape, time_steps: int) -> float:
        """Operator once, then all neurons through time."""
        stepped = costs.STEP * shape.outputs * shape.filters * time_steps
        return costs.operator_once(shape, shape.filters) + stepped

    @classmethod
    def gives(cls, site: Site, plan: LayerPlan) -> Feed:
        """See ``Way``."""
        del plan
        return Feed(Spikes, site.shape.filters, height=site.height)

    @classmethod
    def image_bytes(cls, site: Site, plan: LayerPlan) -> int:
        """Pixels and their layout, currents twice, membranes and spikes."""
        shape, neurons = site.shape, len(plan.neurons)
        currents = 16 * shape.input_map + 8 * shape.positions * neurons
        return currents + shape.outputs * neurons * (8 + 5 * site.time_steps)

    @classmethod
    def prepare(cls, site: Site, plan: LayerPlan, feed: Feed, batches: Batches) -> Self:
        """See ``Way``."""
        # without an image, an operator's currents are its bias, and so are a pool's
        rest = operator_bias(site.layer)[None] if feed.pulse else _no_rest(site)
        currents = Currents.of(site, plan.neurons, batches, cls.image_bytes(site, plan))
        step = CompiledStep.of(site)
        return cls(currents, step, site.time_steps, site.neurons, not site.last, rest)

    @torch.no_grad()
    def chunks(self, batch: Images, count: int) -> Iterator[Part]:
        """Counts int64 (n, neurons asked for) and spikes of the batch's first images."""
        layer = self.currents.layer
        # the currents come after a pool that averages
        pool = None if self.currents.averages else layer.pool
        for maps in self.currents.chunks(batch, count):
            currents = torch.from_numpy(maps).permute(0, 3, 1, 2)
            pooled = currents if pool is None else pool(currents)
            counts, spikes = self.step.after(
                pooled[None], self.rest, self.time_steps, writing=self.passes_on
            )
            yield counts[:, list(self.neurons)], spikes


def _no_rest(site: Site) -> npt.NDArray[np.float32]:
    return np.empty((0, site.layer.size), np.float32)
