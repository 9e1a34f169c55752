"""Which exact way computes each layer, for a network and the neurons asked for.

Chosen by predicted cost alone (``costs``), so the same network and neurons always give the same plan.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Protocol

from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.kernels.tiling import LANES, Tiling, by_filters, by_positions
from spikeatlas.snn.responder.shapes import Shape

Way = Literal["trains", "direct", "steps", "factorised", "patterns", "frames"]
_TITLES: dict[Way, str] = {
    "trains": "constant current: operator and pool once, then each neuron's spike train looked up",
    "direct": "constant current: only the filters asked for, straight from the pixels",
    "steps": "constant current: operator and pool once, then all neurons through time",
    "factorised": "factorised: weights summed per spike train, then over time",
    "patterns": "layer by layer: weights summed per pattern of four time steps",
    "frames": "layer by layer: torch's operator, time steps folded into the batch",
}
WAYS = frozenset(_TITLES)
"""All ways."""


class Tables(Protocol):
    """What a plan must know of the first layer's spike trains."""

    @property
    def trains(self) -> int:
        """Number of trains."""

    @property
    def rising(self) -> int:
        """Number of rises of their spike counts, over all time steps."""


@dataclasses.dataclass(frozen=True)
class LayerPlan:
    """How one layer is computed."""

    layer: str
    way: Way
    neurons: tuple[int, ...]
    """Neurons that are computed."""
    cost: float
    """Predicted nanoseconds for one image on one core."""
    tiling: Tiling | None = None
    """For the ways that need one."""
    ranked: bool = False
    """Whether sums are kept only for the trains that a tile's inputs fire: see ``Rises.ranked``."""
    note: str = ""
    """What the choice rests on."""

    def describe(self, filters: int, others: str) -> str:
        """Say the choice and the reason in a line."""
        some = (
            "" if len(self.neurons) == filters else f" ({len(self.neurons)} of {filters} filters)"
        )
        note = f"; {self.note}" if self.note else ""
        return f"{self.layer}: {_TITLES[self.way]}{some}{note}; {_time(self.cost)} an image{others}"


@dataclasses.dataclass(frozen=True)
class Plan:
    """How all layers down to the deepest asked for are computed."""

    layers: tuple[LayerPlan, ...]
    """Empty if the plain loop is used."""
    lines: tuple[str, ...]
    """Choice and reason, a line a layer."""

    @property
    def cost(self) -> float:
        """Predicted nanoseconds for one image on one core."""
        return sum(layer.cost for layer in self.layers)

    def describe(self) -> list[str]:
        """Say each layer's choice and reason in a line."""
        return list(self.lines)


@dataclasses.dataclass(frozen=True)
class Question:
    """What is to be planned."""

    names: tuple[str, ...]
    """Layers down to the deepest one asked for."""
    shapes: tuple[Shape, ...]
    neurons: Mapping[str, tuple[int, ...]]
    """Neurons asked for, by layer; layers not asked for are missing."""
    time_steps: int
    constant: bool
    """Whether the input is the same at every step."""
    tables: Tables | None
    """Of the first layer, if constant; None if there are none."""
    compiled: bool
    """Whether the compiled loops can run."""
    memory: int
    """Bytes that working arrays may take."""
    ways: frozenset[Way] = WAYS
    """Ways to choose from; "steps" and "frames" are always possible."""

    def last(self, place: int) -> bool:
        """Whether no layer follows the one at ``place``."""
        return place == len(self.names) - 1

    def computed(self, place: int) -> tuple[int, ...]:
        """Neurons to compute: all where a layer follows."""
        if self.last(place):
            return self.neurons[self.names[place]]
        return tuple(range(self.shapes[place].filters))


def plain_plan(problem: str) -> Plan:
    """Return the plan that leaves everything to the plain loop, and says why."""
    return Plan((), (f"all layers: plain loop; {problem}",))


def make_plan(question: Question) -> Plan:
    """Choose the cheapest exact way for each layer."""
    chosen: list[LayerPlan] = []
    lines: list[str] = []
    while len(chosen) < len(question.names):
        options = list(_allowed(question, len(chosen), _stored(chosen)))
        best = min(options, key=_total)
        chosen += best
        lines += _lines(question, options, best)
    return Plan(tuple(chosen), tuple(lines))


Option = tuple[LayerPlan, ...]


def _total(option: Option) -> float:
    return sum(layer.cost for layer in option)


def _stored(chosen: Sequence[LayerPlan]) -> int | None:
    """Channels as the last layer stores its spikes: whole vectors, where a compiled loop writes."""
    tiling = chosen[-1].tiling if chosen else None
    return None if tiling is None else tiling.blocks * LANES


def _allowed(question: Question, place: int, stored: int | None) -> Iterator[Option]:
    for option in _options(question, place, stored):
        if all(layer.way in question.ways for layer in option):
            yield option


def _options(question: Question, place: int, stored: int | None) -> Iterator[Option]:
    """Ways for the layer at ``place``; under constant current, for the first two together."""
    if place > 0 or not question.constant:
        yield from ((layer,) for layer in _behind_spikes(question, place, stored))
    elif question.last(0):
        yield from ((layer,) for layer in _only(question))
    else:
        front = _by_steps(question)
        yield from ((front, layer) for layer in _behind_spikes(question, 1, None))
        if question.tables and question.shapes[1].simple:
            front = _by_trains(question, question.tables)
            yield from ((front, layer) for layer in _behind_trains(question, question.tables))


def _by_steps(question: Question) -> LayerPlan:
    shape = question.shapes[0]
    cost = costs.first_by_steps(shape, question.time_steps)
    return LayerPlan(question.names[0], "steps", tuple(range(shape.filters)), cost)


def _only(question: Question) -> Iterator[LayerPlan]:
    """Ways for a first layer that no other follows."""
    shape, name, neurons = question.shapes[0], question.names[0], question.computed(0)
    yield _by_steps(question)
    if question.tables:
        yield _by_trains(question, question.tables)
        strides = {shape.height.stride, shape.width.stride}
        # a linear layer has no positions to share a filter's loop
        if shape.simple and strides == {1} and shape.positions > 1:
            cost = costs.first_directly(shape, len(neurons))
            yield LayerPlan(name, "direct", neurons, cost, note=_count(question.tables))


def _by_trains(question: Question, tables: Tables) -> LayerPlan:
    shape, neurons = question.shapes[0], question.computed(0)
    cost = costs.first_by_trains(shape, len(neurons))
    return LayerPlan(question.names[0], "trains", neurons, cost, note=_count(tables))


def _count(tables: Tables) -> str:
    return f"{tables.trains:,} spike trains"


def _behind_trains(question: Question, tables: Tables) -> Iterator[LayerPlan]:
    shape, neurons = question.shapes[1], question.computed(1)
    for tiling in _tilings(question, 1, shape.channels):
        size = (tables.trains, tables.rising, question.time_steps)
        for ranked in (False, True):
            cost = costs.factorised(tiling, *size, ranked=ranked)
            yield LayerPlan(question.names[1], "factorised", neurons, cost, tiling, ranked)


def _behind_spikes(question: Question, place: int, stored: int | None) -> Iterator[LayerPlan]:
    shape, name = question.shapes[place], question.names[place]
    everyone = tuple(range(shape.filters))
    yield LayerPlan(name, "frames", everyone, costs.frames(shape, question.time_steps))
    listed = 5 * -(-question.time_steps // 4) * shape.input_map
    if question.compiled and shape.simple and listed <= question.memory // 4:
        for tiling in _tilings(question, place, stored or shape.channels):
            cost = costs.patterns(tiling, question.time_steps)
            yield LayerPlan(name, "patterns", question.computed(place), cost, tiling)


def _tilings(question: Question, place: int, channels: int) -> Iterator[Tiling]:
    """Ways to deal a layer's work out to the lanes."""
    shape, filters = question.shapes[place], len(question.computed(place))
    spans = (shape.height, shape.width)
    yield by_filters(*spans, channels, filters)
    if not question.last(place) or any(span.pool_padding for span in spans):
        return
    room = LANES // (shape.height.pool * shape.width.pool * filters)
    for rows in range(1, min(room, shape.height.outputs) + 1):
        for columns in range(1, min(room // rows, shape.width.outputs) + 1):
            yield by_positions(*spans, channels, (rows, columns))


def _lines(question: Question, options: Sequence[Option], best: Option) -> Iterator[str]:
    """Describe a choice, with what the next best other way would have cost."""
    ways = tuple(layer.way for layer in best)
    rest = [option for option in options if tuple(layer.way for layer in option) != ways]
    others = ""
    if rest:
        second = min(rest, key=_total)
        names = " and ".join(layer.way for layer in second)
        others = f" (by {names}: {_time(_total(second))})"
    for layer in best:
        filters = question.shapes[question.names.index(layer.layer)].filters
        yield layer.describe(filters, others if layer is best[-1] else "")


def _time(nanoseconds: float) -> str:
    """Predicted time, in a unit that fits."""
    for unit, size in (("s", 1e9), ("ms", 1e6)):
        if nanoseconds >= size:
            return f"about {nanoseconds / size:.1f} {unit}"
    return f"about {nanoseconds / 1e3:.0f} us"
