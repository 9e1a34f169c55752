"""Prepares the compiled loops for a layer: weights copied and dealt out to lanes, tables at hand."""

from __future__ import annotations

from spikeatlas.snn.networks import Stage
from spikeatlas.snn.responder.filters import dealt, layer_weights
from spikeatlas.snn.responder.kernels.tiling import Axis, by_filters
from spikeatlas.snn.responder.lookup import Lookup
from spikeatlas.snn.responder.plan import LayerPlan
from spikeatlas.snn.responder.shapes import Shape
from spikeatlas.snn.responder.ways.currents import Currents
from spikeatlas.snn.responder.ways.factorised import Factorised
from spikeatlas.snn.responder.ways.first import ByTrains, Direct
from spikeatlas.snn.responder.ways.patterns import Patterns


def by_trains(
    currents: Currents, lookup: Lookup, layer: LayerPlan, *, counting: bool, passes_on: bool
) -> ByTrains:
    """First layer by its spike trains."""
    tables = lookup.of(layer.neurons)
    return ByTrains(currents, tables, *_axes(currents.shape), counting, passes_on)


def directly(currents: Currents, lookup: Lookup, layer: LayerPlan) -> Direct:
    """A few filters of the first layer."""
    return Direct(currents, lookup.of(layer.neurons), *_axes(currents.shape))


def _axes(shape: Shape) -> tuple[Axis, Axis]:
    tiling = by_filters(shape.height, shape.width, shape.channels, shape.filters)
    return tiling.height, tiling.width


def factorised(
    stage: Stage, shape: Shape, layer: LayerPlan, lookup: Lookup, *, passes_on: bool
) -> Factorised:
    """Second layer behind spike trains."""
    tiling = layer.tiling
    if tiling is None:
        raise ValueError(f"the plan of layer {layer.layer!r} has no tiling.")
    filters = dealt(layer_weights(stage, shape), tiling, layer.neurons)
    rises = lookup.rises._replace(ranked=layer.ranked)
    return Factorised(tiling, filters, rises, len(layer.neurons), passes_on)


def patterns(
    stage: Stage, shape: Shape, layer: LayerPlan, time_steps: int, *, passes_on: bool
) -> Patterns:
    """Any layer behind spikes."""
    tiling = layer.tiling
    if tiling is None:
        raise ValueError(f"the plan of layer {layer.layer!r} has no tiling.")
    filters = dealt(layer_weights(stage, shape), tiling, layer.neurons)
    return Patterns(tiling, filters, time_steps, len(layer.neurons), passes_on)
