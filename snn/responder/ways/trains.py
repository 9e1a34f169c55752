"""First layer under constant currents, each neuron's spike train looked up by its current."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.kernels import constant
from spikeatlas.snn.responder.kernels.tiling import Axis, by_filters
from spikeatlas.snn.responder.lookup import Lookup
from spikeatlas.snn.responder.shapes import LayerShape
from spikeatlas.snn.responder.signals import Pixels, Trains
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import Batches, Images, LayerPlan, Part, Way
from spikeatlas.snn.responder.ways.currents import Currents

# Nanoseconds of one pixel of the first map, whatever its channels.
_PLACE = 100.0


@dataclasses.dataclass(frozen=True, eq=False)
class ByTrains(Way):
    """Looks every neuron's spike train up, by its current."""

    name = "trains"
    title = "constant current: operator and pool once, then each neuron's spike train looked up"

    currents: Currents
    lookup: Lookup
    down: Axis
    right: Axis
    counting: bool
    """True if this layer's counts are asked for."""
    passes_on: bool
    """True if a layer follows."""

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        return lookup_problem(site, feed)

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        del feed
        cost = cls.cost(site.shape, len(site.neurons))
        yield LayerPlan(site.name, cls.name, site.neurons, cost, note=trains_note(site))

    @staticmethod
    def cost(shape: LayerShape, neurons: int) -> float:
        """Operator once for some filters, then a look-up for every neuron."""
        return costs.operator_once(shape, neurons) + shape.outputs * (_PLACE + costs.LOOK * neurons)

    @classmethod
    def gives(cls, site: Site, plan: LayerPlan) -> Feed:
        """See ``Way``."""
        del plan
        return Feed(Trains, site.shape.filters, site.lookup, height=site.height)

    @classmethod
    def image_bytes(cls, site: Site, plan: LayerPlan) -> int:
        """Pixels and their layout, currents twice, lists of trains."""
        shape, neurons = site.shape, len(plan.neurons)
        currents = 16 * shape.input_map + 8 * shape.positions * neurons
        return currents + 6 * shape.outputs * neurons

    @classmethod
    def prepare(cls, site: Site, plan: LayerPlan, feed: Feed, batches: Batches) -> Self:
        """See ``Way``."""
        del feed
        currents = Currents.of(site, plan.neurons, batches, cls.image_bytes(site, plan))
        tables = tables_of(site, plan)
        return cls(currents, tables, *axes(site.shape), site.counting, not site.last)

    @property
    def _pixels(self) -> int:
        return self.down.outputs * self.right.outputs

    @property
    def _neurons(self) -> int:
        return self._pixels * len(self.currents.neurons)

    def chunks(self, batch: Images, count: int) -> Iterator[Part]:
        """Counts int64 (n, filters), 0 if not asked for, and trains of the batch's first images.

        The trains of a chunk are written over by the next one.
        """
        room = self._room(min(count, self.currents.chunk))
        for maps in self.currents.chunks(batch, count):
            yield self._find(maps, Trains(*(array[: len(maps)] for array in room)))

    def _room(self, images: int) -> tuple[Any, ...]:
        """Arrays of the trains of some images."""
        # one more: a silent neuron is written behind the last active one, and then over
        listed = (images, self._neurons + 1)
        begins = np.empty((images, self._pixels + 1), np.int32)
        return np.empty(listed, np.uint16), np.empty(listed, np.int32), begins

    def _find(self, maps: npt.NDArray[np.float32], listed: Trains) -> Part:
        counts = np.zeros((len(maps), maps.shape[3]), np.int64)
        constant.find_trains(
            maps,
            self.down,
            self.right,
            self.lookup.finder,
            listed.trains,
            listed.columns,
            listed.begins,
            counts,
            self.counting,
        )
        return counts, listed if self.passes_on else None


def lookup_problem(site: Site, feed: Feed) -> str | None:
    """Say why a layer's trains cannot be looked up; None if they can."""
    if feed.signal is not Pixels or feed.pulse:
        return "its currents are not constant"
    if site.problem:
        return site.problem
    return None if site.lookup else "its neurons have too many spike trains"


def trains_note(site: Site) -> str:
    """Say how many trains there are."""
    return f"{site.lookup.trains:,} spike trains" if site.lookup else ""


def tables_of(site: Site, plan: LayerPlan) -> Lookup:
    """Tables of the neurons that are computed. ValueError where there are none."""
    if site.lookup is None:
        raise ValueError(f"layer {plan.layer!r} has no tables of spike trains.")
    return site.lookup.of(plan.neurons)


def axes(shape: LayerShape) -> tuple[Axis, Axis]:
    """Return the axes of a layer as the loops over its currents take them."""
    tiling = by_filters(shape.height, shape.width, shape.channels, shape.filters)
    return tiling.height, tiling.width
