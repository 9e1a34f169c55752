"""Currents summed per pattern of four time steps, for a normalisation that only torch computes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Self

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.filters import lanes
from spikeatlas.snn.responder.kernels import patterns as kernel
from spikeatlas.snn.responder.kernels.tiles import Filters
from spikeatlas.snn.responder.kernels.tiling import Tiling, by_filters, stored_channels
from spikeatlas.snn.responder.known_modules import neuron_problem, operator_problem
from spikeatlas.snn.responder.signals import Spikes, joined
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import Batches, LayerPlan, Part, Way, row_tilings, tiling_of
from spikeatlas.snn.responder.ways.factorised import stored_map
from spikeatlas.snn.responder.ways.neuron_steps import NeuronStep, neuron_step
from spikeatlas.snn.responder.ways.patterns import Patterns, pattern_room

# Images at once, at most: what torch does with them finds them in the cache.
_IMAGES = 16
# Times that currents and what is normalised of them are written and read.
_COPIES = 4
# Frames of near ties, in whole batches of so many.
_FRAMES = 16


@dataclasses.dataclass(frozen=True, eq=False)
class PatternCurrents(Way):
    """Sums weights per pattern of four time steps; torch normalises, and the neurons are stepped."""

    name = "pattern-currents"
    title = "layer by layer: weights summed per pattern of four time steps, normalised by torch"

    tiling: Tiling
    filters: Filters
    site: Site
    step: NeuronStep
    images: int
    """Images whose currents are in memory at once."""

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        layer, shape = site.layer, site.shape
        if feed.signal is not Spikes:
            return "its inputs are no spikes of one height"
        if layer.norm is None or site.problem is None or not layer.norm.any_order:
            return "its normalisation is none that needs this"
        problem = operator_problem(layer, shape.source) or neuron_problem(layer, shape.target)
        return problem or (None if shape.simple else "its convolution is not simple")

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        shape, steps = site.shape, site.time_steps
        spans = shape.height, shape.width, feed.channels
        # a normalisation may look at all channels
        rows = row_tilings(site, feed.channels, shape.filters)
        after = (_COPIES * costs.COPY + costs.STEP) * shape.outputs * shape.filters * steps
        for tiling in (by_filters(*spans, shape.filters), *rows):
            cost = cls.cost(tiling, steps) + after
            note = site.problem or ""
            yield LayerPlan(site.name, cls.name, site.everyone, cost, tiling, note=note)

    @staticmethod
    def cost(tiling: Tiling, time_steps: int) -> float:
        """Weights summed per pattern of four steps."""
        return Patterns.cost(tiling, time_steps)

    @classmethod
    def gives(cls, site: Site, plan: LayerPlan) -> Feed:
        """See ``Way``."""
        del plan
        return Feed(Spikes, site.shape.filters, height=site.height)

    @classmethod
    def prepare(cls, site: Site, plan: LayerPlan, feed: Feed, batches: Batches) -> Self:
        """See ``Way``."""
        del batches
        tiling = tiling_of(plan)
        bytes_ = 4 * _COPIES * site.time_steps * stored_map(tiling)
        images = max(1, min(_IMAGES, site.memory // 4 // bytes_))
        return cls(tiling, lanes(site, feed, tiling, plan.neurons), site, neuron_step(site), images)

    def __call__(self, signal: Spikes) -> Part:
        """Spike counts (n, neurons), and the spikes if a layer follows."""
        starts = range(0, len(signal), self.images)
        parts = [
            self._part(dataclasses.replace(signal, bits=signal.bits[start : start + starts.step]))
            for start in starts
        ]
        counts = np.concatenate([counts for counts, _ in parts])[:, list(self.site.neurons)]
        spikes = [part for _, part in parts if isinstance(part, Spikes)]
        return counts, joined(spikes) if spikes else None

    @torch.no_grad()
    def _part(self, signal: Spikes) -> Part:
        layer, steps = self.site.layer, self.site.time_steps
        assert layer.norm is not None
        silent = layer.currents(torch.zeros(1, *self.site.shape.source))[None]
        normalised, ties = layer.norm.with_ties(self._summed(signal), silent)
        if ties is not None and ties.any():
            normalised[ties] = layer.norm(self._by_torch(signal, ties)[None])[0]
        return self.step(normalised, steps, writing=not self.site.last)

    def _summed(self, signal: Spikes) -> Tensor:
        """Currents (T, n, ...), summed per pattern of four steps."""
        shape, steps, bits = self.site.shape, self.site.time_steps, signal.bits
        count, groups = bits.shape[:2]
        stored = stored_channels(self.tiling)
        flat = np.empty(steps * count * stored_map(self.tiling), np.float32)
        room = pattern_room(self.tiling, steps)
        rows = bits.reshape(count, groups, -1)
        kernel.sum_currents(rows, steps, self.tiling, self.filters, room, flat)
        sums = flat.reshape(steps, count, -1, stored)[..., : shape.filters]
        # channels last, as torch's own convolutions leave them
        maps = torch.from_numpy(np.ascontiguousarray(sums)).movedim(3, 2)
        return maps.reshape(steps, count, *shape.target)

    def _by_torch(self, signal: Spikes, places: Tensor) -> Tensor:
        """Currents (k, ...) of some steps of some images (T, n), summed in torch's own order."""
        shape = self.site.shape
        steps, images = (numbers.numpy() for numbers in places.nonzero(as_tuple=True))
        frames = signal.frames(0, len(signal), self.site.time_steps)[steps, images]
        # in whole batches: torch sums those of a single image in another order
        frames = np.pad(
            frames[..., : shape.channels], ((0, -len(frames) % _FRAMES), (0, 0), (0, 0))
        )
        maps = torch.from_numpy(np.ascontiguousarray(frames)).movedim(2, 1)
        return self.site.layer.currents(maps.reshape(len(maps), *shape.source))[: len(steps)]
