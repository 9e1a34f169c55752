"""Tables that a layer's currents are looked up in."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.networks import SpikingLayer
from spikeatlas.snn.responder.kernels.constant import Finder
from spikeatlas.snn.responder.kernels.factorised import Rises
from spikeatlas.snn.responder.known_modules import layer_neurons
from spikeatlas.snn.responder.train_tables import MAX_TRAINS, NeuronKind, TrainTable, train_table

Ints = npt.NDArray[np.int64]
# More kinds of neurons than this in one layer: stepping is cheaper than their tables.
MAX_TABLES = 16
# Buckets of the first guess, for each table: few enough for the cache, more than trains.
_BUCKETS = (1024, 32768)


@dataclasses.dataclass(frozen=True, eq=False)
class Lookup:
    """Train tables of one layer, one behind the other."""

    finder: Finder
    rises: Rises

    @property
    def trains(self) -> int:
        """Numbers in use, one unused number a table included."""
        return int(self.rises.tables[-1])

    @property
    def rising(self) -> int:
        """Rises of the trains' spike counts, over all time steps."""
        return len(self.rises.trains)

    def of(self, neurons: Sequence[int]) -> Lookup:
        """Return the tables for some of the layer's channels."""
        names = ("first", "bucket", "low", "density", "top", "scale", "shift")
        rows = {name: getattr(self.finder, name) for name in names}
        rows = {name: row[list(neurons)] if len(row) else row for name, row in rows.items()}
        return Lookup(self.finder._replace(**rows), self.rises)


def layer_lookup(
    layer: SpikingLayer, time_steps: int, neurons: Sequence[int] | None = None
) -> Lookup | None:
    """Tables of a layer's neurons, or of some, under constant current.

    The others, which nobody looks up, have the table of the first. None where there are too many trains, where these
    are not ordered by the current, and where a normalisation scales each step otherwise.
    """
    rows = layer_neurons(layer, time_steps)
    if len(rows.scale) > 1:
        return None
    codes = tuple(rows.codes.tolist())
    kinds = [NeuronKind(codes, tuple(column)) for column in rows.values.T.tolist()]
    if neurons is not None:
        some, first = set(neurons), kinds[neurons[0]]
        kinds = [kind if place in some else first for place, kind in enumerate(kinds)]
    tables = _lookup(tuple(kinds), time_steps)
    if tables is None or not len(rows.scale):
        return tables
    finder = tables.finder._replace(scale=rows.scale[0], shift=rows.shift[0])
    return Lookup(finder, tables.rises)


@functools.lru_cache(maxsize=32)
def _lookup(kinds: tuple[NeuronKind, ...], time_steps: int) -> Lookup | None:
    distinct = list(dict.fromkeys(kinds))
    if len(distinct) > MAX_TABLES:
        return None
    candidates = [train_table(kind, time_steps) for kind in distinct]
    tables = [table for table in candidates if table is not None]
    limits = np.cumsum([0, *(len(table.edges) + 1 for table in tables)])
    if len(tables) < len(candidates) or limits[-1] > MAX_TRAINS:
        return None
    numbers = np.array([distinct.index(kind) for kind in kinds])
    return Lookup(_finder(tables, limits, numbers), _rises(tables, limits, time_steps))


def _rises(tables: Sequence[TrainTable], limits: Ints, time_steps: int) -> Rises:
    steps = [
        np.concatenate(
            [table.rises[step].astype(np.int64) + first for table, first in _from(tables, limits)]
        )
        for step in range(time_steps)
    ]
    return Rises(
        tables=limits,
        trains=np.concatenate(steps).astype(np.uint16),
        begins=np.cumsum([0, *map(len, steps)]),
        ranked=False,
    )


def _from(tables: Sequence[TrainTable], limits: Ints) -> list[tuple[TrainTable, int]]:
    return list(zip(tables, limits[:-1].tolist(), strict=True))


def _finder(tables: Sequence[TrainTable], limits: Ints, kinds: Ints) -> Finder:
    """``kinds`` (channels,): number of every channel's table."""
    guesses, low, density, top = [], [], [], []
    for table, first in _from(tables, limits):
        start, scale, buckets = _buckets(table)
        guesses.append((buckets + first).astype(np.uint16))
        low.append(start)
        density.append(scale)
        top.append(len(buckets) - 1)
    begins = np.cumsum([0, *map(len, guesses)])
    return Finder(
        edges=np.concatenate([np.append(table.edges, np.float32(np.nan)) for table in tables]),
        guesses=np.concatenate(guesses),
        first=limits[kinds],
        bucket=begins[kinds],
        low=np.array(low, np.float32)[kinds],
        density=np.array(density, np.float32)[kinds],
        top=np.array(top, np.float32)[kinds],
        fires=np.concatenate([np.append(table.counts, 0) for table in tables]),
        scale=np.empty(0, np.float32),
        shift=np.empty(0, np.float32),
    )


def _buckets(table: TrainTable) -> tuple[np.float32, np.float32, Ints]:
    """First current of the buckets, their density, and the last train that begins before each.

    The bucket of an edge is computed as that of a current is, so no rounding can part them.
    """
    low, high = table.edges[min(1, len(table.edges) - 1)], table.edges[-1]
    size = 2 ** int(np.ceil(np.log2(4 * len(table.edges))))
    count = int(np.clip(size, *_BUCKETS))
    span = np.float32(high - low)
    density = np.float32(count - 2) / span if span > 0 else np.float32(0)
    places = np.clip((table.edges[1:] - low) * density, 0, np.float32(count - 1)).astype(np.int64)
    before = np.cumsum(np.bincount(places, minlength=count))
    return low, density, np.concatenate([[0], before[:-1]])
