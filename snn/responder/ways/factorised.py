"""Second layer behind neurons under constant current: see ``kernels.factorised``."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.filters import aligned, lanes
from spikeatlas.snn.responder.kernels import factorised as kernel
from spikeatlas.snn.responder.kernels.tiles import Filters
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling, stored_channels
from spikeatlas.snn.responder.signals import Counts, Spikes, Trains
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import Batches, LayerPlan, Way, tiling_of, tilings
from spikeatlas.snn.responder.ways.recount import Recount, counted

# Nanoseconds of one train's sum of 32 lanes, cleared, bounded, summed up; and of one rise of 32 lanes.
_TRAIN = 6.5
_RISE = 0.65
# Ranking the trains of a tile: for each train of the table, each input of the tile, each rise.
_RANK = (0.7, 2.0, 0.6)
# Share of inputs that ever fire. Natural pictures lie below (0.4), noise above (0.8).
_ACTIVE = 0.6
# Different trains in a tile, at most: those of a large table are far from evenly used.
_PRESENT = 700


@dataclasses.dataclass(frozen=True, eq=False)
class Factorised(Way):
    """Sums weights per spike train, then over time."""

    name = "factorised"
    title = "factorised: weights summed per spike train, then over time"

    tiling: Tiling
    filters: Filters
    rises: kernel.Rises
    neurons: int
    """Neurons asked for."""
    passes_on: bool
    """True if a layer follows."""
    recount: Recount | None
    height: float
    """Of the spikes that are handed on."""
    fed: float
    """Height of the layer's input spikes."""

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        if feed.signal is not Trains:
            return "its inputs come without spike trains"
        return site.problem or (None if site.shape.simple else "its convolution is not simple")

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        if feed.lookup is None:
            return
        for tiling in tilings(site, feed.channels):
            size = (feed.lookup.trains, feed.lookup.rising, site.time_steps)
            for ranked in (False, True):
                cost = cls.cost(tiling, *size, ranked=ranked)
                yield LayerPlan(site.name, cls.name, site.neurons, cost, tiling, ranked)

    @staticmethod
    def cost(tiling: Tiling, trains: int, rises: int, time_steps: int, *, ranked: bool) -> float:
        """Weights summed per train, then over time."""
        used = min(trains, _PRESENT, int(_ACTIVE * _tile_inputs(tiling))) if ranked else trains
        one_pass = costs.ROW * _ACTIVE * costs.window(tiling) + _TRAIN * used + _RISE * rises
        blocks = tiling.blocks * (costs.passes(tiling) * one_pass + costs.FIRE * time_steps)
        inputs = _RANK[1] * _ACTIVE * _tile_inputs(tiling)
        ranking = _RANK[0] * trains + inputs + _RANK[2] * rises
        return costs.tiles(tiling) * (blocks + (ranking if ranked else 0))

    @classmethod
    def gives(cls, site: Site, plan: LayerPlan) -> Feed:
        """See ``Way``."""
        return Feed(Spikes, stored_channels(tiling_of(plan)), height=site.height)

    @classmethod
    def prepare(cls, site: Site, plan: LayerPlan, feed: Feed, batches: Batches) -> Self:
        """See ``Way``. ValueError for a feed without tables."""
        del batches
        if feed.lookup is None:
            raise ValueError(f"layer {plan.layer!r} gets no tables of spike trains.")
        tiling = tiling_of(plan)
        recount = Recount.of(site, plan.neurons)
        filters = lanes(site, feed, tiling, plan.neurons, guarded=recount is not None)
        rises = feed.lookup.rises._replace(ranked=plan.ranked)
        rest = (len(plan.neurons), not site.last, recount, site.height)
        return cls(tiling, filters, rises, *rest, fed=feed.height)

    def __call__(self, signal: Trains) -> tuple[Counts, Spikes | None]:
        """Spike counts int64 (n, neurons), and the spikes if a layer follows."""
        count = len(signal.begins)
        inputs = kernel.Inputs(signal.trains, signal.columns, signal.begins)
        room = self._room(signal.trains.shape[1])
        counts, spikes = counted(
            functools.partial(kernel.respond, inputs, self.rises, self.tiling, self.filters, room),
            count,
            self.neurons,
            self._written(),
            self.recount,
            functools.partial(self._fired, signal),
        )
        if not self.passes_on:
            return counts, None
        return counts, unfolded(spikes, self.tiling, self._bytes, self.height)

    def _fired(
        self, signal: Trains, image: int, pixels: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float32]:
        """Spikes (T, k, channels) of an image's input at some pixels of the map."""
        begins = signal.begins[image]
        active = slice(begins[-1])
        numbers = np.full((len(begins) - 1, self.tiling.channels), self._silent)
        places = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
        numbers[places, signal.columns[image, active] % self.tiling.channels] = signal.trains[
            image, active
        ]
        fired: npt.NDArray[np.float32] = np.moveaxis(self._spikes[numbers[pixels]], 2, 0)
        return fired if self.fed == 1 else fired * np.float32(self.fed)

    @property
    def _silent(self) -> int:
        """Number of the train without spikes, behind all others."""
        return int(self.rises.tables[-1])

    @functools.cached_property
    def _spikes(self) -> npt.NDArray[np.float32]:
        """Spikes (trains + 1, T) of every train, from the steps at which its count rises; the last is silent."""
        totals = np.zeros((self._silent + 1, len(self.rises.begins)))
        for table, last in itertools.pairwise(self.rises.tables.tolist()):
            for step, (begin, end) in enumerate(itertools.pairwise(self.rises.begins.tolist()), 1):
                rises = np.sort(self.rises.trains[begin:end])
                first = np.searchsorted(rises, table)
                numbers = np.arange(table, last)
                totals[table:last, step] = np.searchsorted(rises, numbers, "right") - first
        return np.diff(totals, axis=1).astype(np.float32)

    @property
    def _bytes(self) -> int:
        return -(-(len(self.rises.begins) - 1) // 8)

    def _written(self) -> int:
        return self._bytes * stored_map(self.tiling) if self.passes_on else 0

    def _room(self, inputs: int) -> kernel.TrainRoom:
        trains = int(self.rises.tables[-1])
        return kernel.TrainRoom(
            sums=aligned((trains + 1) * LANES),
            later=aligned((trains + 1) * LANES, np.int32),
            currents=aligned(len(self.rises.begins) * LANES),
            ranks=np.zeros(trains + 1, np.uint16),
            slots=np.zeros(inputs, np.uint16),
            rises=self.rises.trains.copy(),
            limits=self.rises.tables.copy(),
        )


def _tile_inputs(tiling: Tiling) -> int:
    """Inputs of all passes over a tile, at most."""
    sides = [
        min(axis.inputs, axis.window + (axis.passes - 1) * axis.pass_step)
        for axis in (tiling.height, tiling.width)
    ]
    return sides[0] * sides[1] * tiling.channels


def stored_map(tiling: Tiling) -> int:
    """Places of one time step's spikes of one image, as a kernel writes them."""
    return tiling.height.outputs * tiling.width.outputs * stored_channels(tiling)


def unfolded(
    spikes: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
    tiling: Tiling,
    bits: int,
    height: float,
) -> Spikes:
    """A kernel's flat spikes (n, all) as (n, bytes, pixels, stored channels)."""
    pixels = tiling.height.outputs * tiling.width.outputs
    stored = spikes.reshape(len(spikes), bits, pixels, stored_channels(tiling))
    return Spikes(stored, height)
