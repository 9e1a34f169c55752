"""A few filters of a first layer under constant currents, straight from the pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.filters import aligned
from spikeatlas.snn.responder.kernels import few_filters
from spikeatlas.snn.responder.kernels.tiling import LANES, Axis
from spikeatlas.snn.responder.lookup import Lookup
from spikeatlas.snn.responder.shapes import LayerShape
from spikeatlas.snn.responder.signals import Signal
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import Batches, Images, LayerPlan, Part, Way
from spikeatlas.snn.responder.ways.currents import Currents
from spikeatlas.snn.responder.ways.trains import axes, lookup_problem, tables_of, trains_note

# Nanoseconds of one multiplication of the loop over a few filters.
_MULTIPLY = 0.04


@dataclasses.dataclass(frozen=True, eq=False)
class Direct(Way):
    """A few filters, from pixels to counts, one image at a time and nothing stored."""

    name = "direct"
    title = "constant current: only the filters asked for, straight from the pixels"

    currents: Currents
    lookup: Lookup
    down: Axis
    right: Axis

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        problem = lookup_problem(site, feed)
        if problem:
            return problem
        if not site.last:
            return "a layer follows"
        shape = site.shape
        if not shape.simple or {shape.height.stride, shape.width.stride} != {1}:
            return "its convolution has a stride, groups or dilation"
        if isinstance(site.layer.pool, nn.AvgPool2d):
            return "its pool averages"
        return None if shape.positions > 1 else "it has no positions to share a filter's loop"

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        del feed
        cost = cls.cost(site.shape, len(site.neurons))
        yield LayerPlan(site.name, cls.name, site.neurons, cost, note=trains_note(site))

    @staticmethod
    def cost(shape: LayerShape, neurons: int) -> float:
        """A few filters, one after the other."""
        share = neurons / shape.filters
        looked_up = costs.LOOK * shape.outputs * neurons
        return shape.work * share * _MULTIPLY + looked_up + costs.COPY * shape.input_map

    @classmethod
    def gives(cls, site: Site, plan: LayerPlan) -> Feed:
        """Return nothing: no layer follows."""
        del plan
        return Feed(Signal, site.shape.filters)

    @classmethod
    def image_bytes(cls, site: Site, plan: LayerPlan) -> int:
        """Counts."""
        del site
        return 8 * len(plan.neurons)

    @classmethod
    def prepare(cls, site: Site, plan: LayerPlan, feed: Feed, batches: Batches) -> Self:
        """See ``Way``."""
        del feed
        currents = Currents.of(site, plan.neurons, batches, cls.image_bytes(site, plan))
        return cls(currents, tables_of(site, plan), *axes(site.shape))

    def chunks(self, batch: Images, count: int) -> Iterator[Part]:
        """Counts int64 (n, neurons asked for) of the batch's first images."""
        counts = np.zeros((count, len(self.currents.neurons)), np.int64)
        operator = self.currents.layer.operator
        rows = list(self.currents.neurons)
        bias = torch.zeros(operator.weight.shape[0]) if operator.bias is None else operator.bias
        few_filters.respond(
            np.ascontiguousarray(batch[:count]),
            self._levels(),
            (self.currents.shape.height.padding, self.currents.shape.width.padding),
            operator.weight.detach()[rows].contiguous().numpy(),
            bias.detach()[rows].numpy(),
            self.down,
            self.right,
            self.lookup.finder,
            self._planes(),
            counts,
        )
        yield counts, None

    def _levels(self) -> npt.NDArray[np.float32]:
        """Normalised values of every pixel value, float32 (c, 256)."""
        channels = self.currents.shape.channels
        values = torch.arange(256, dtype=torch.uint8)[:, None, None, None]
        levels = self.currents.network.normalise(values.expand(-1, channels, 1, 1))
        result: npt.NDArray[np.float32] = levels[:, :, 0, 0].T.contiguous().numpy()
        return result

    def _planes(self) -> npt.NDArray[np.float32]:
        """Zeros (c, rows, columns): the padding, and room for whole groups of rows and vectors."""
        shape = self.currents.shape
        sides = [
            max(span.inputs + 2 * span.padding, -(-span.positions // group) * group + span.kernel)
            for span, group in ((shape.height, 4), (shape.width, LANES))
        ]
        return aligned(shape.channels * sides[0] * sides[1]).reshape(shape.channels, *sides)
