"""The layers that a responder computes, each with all that the choice of its way rests on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from torch import Tensor

from spikeatlas.snn.coding import CODINGS
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.responder.known_modules import layer_problem
from spikeatlas.snn.responder.lookup import Lookup, layer_lookup
from spikeatlas.snn.responder.shapes import LayerShape, layer_shapes
from spikeatlas.snn.responder.signals import Levels, Pixels, Signal, Spikes


@dataclasses.dataclass(frozen=True, eq=False)
class Site:
    """One layer."""

    layer: SpikingLayer
    shape: LayerShape
    neurons: tuple[int, ...]
    """Neurons to compute: those asked for, or all where a layer follows."""
    counting: bool
    """True if this layer's spike counts are asked for."""
    first: bool
    """True if no layer is before it."""
    last: bool
    """True if no layer follows."""
    time_steps: int
    memory: int
    """Bytes that working arrays may take."""
    problem: str | None
    """A module that only torch computes exactly, if there is one."""
    lookup: Lookup | None
    """Tables of the neurons' spike trains, of a first layer under constant current; None if too many."""
    guarded: bool = False
    """Count neurons again whose spikes may hang on the order of a sum: see ``ways.recount``."""

    @property
    def name(self) -> str:
        """Of the layer."""
        return self.layer.name

    @property
    def height(self) -> float:
        """Of the neurons' spikes."""
        height = self.layer.neuron.height
        # learned by some neurons
        return float(height.detach() if isinstance(height, Tensor) else height)

    @property
    def everyone(self) -> tuple[int, ...]:
        """All neurons of the layer."""
        return tuple(range(self.shape.filters))


@dataclasses.dataclass(frozen=True, eq=False)
class Feed:
    """Input of a layer, from the one before or from the stimuli."""

    signal: type[Signal]
    channels: int
    """Channels as they are stored: more than there are where a compiled loop writes whole vectors."""
    lookup: Lookup | None = None
    """Tables of the spike trains in the signal."""
    height: float = 1.0
    """Of its spikes."""
    signed: bool = False
    """Spikes of both signs: see ``Spikes.signed``."""
    pulse: bool = False
    """Pixels at the first step alone, 0 at all others."""


def source_feed(network: SpikingNetwork, first: Site) -> Feed:
    """Return what the first layer of a network gets, as its coding declares it."""
    coding, channels = CODINGS[network.coding], network.input_shape[0]
    if coding.constant:
        return Feed(Pixels, channels)
    # what only torch computes has no way of its own for that
    if coding.pulse and first.problem is None:
        return Feed(Pixels, channels, pulse=True)
    if coding.ternary:
        return Feed(Spikes, 2 * channels, signed=True)
    return Feed(Spikes if coding.binary else Levels, channels)


def network_sites(
    network: SpikingNetwork,
    neurons: Mapping[str, tuple[int, ...]],
    memory: int,
    *,
    guarded: bool = False,
) -> tuple[Site, ...]:
    """Return the layers down to the deepest of those in ``neurons``, which names the neurons asked for."""
    layers = network.upto(neurons)
    shapes = layer_shapes(network, layers)
    return tuple(
        dataclasses.replace(
            _site(network, place, shape, neurons, memory, last=place == len(layers) - 1),
            guarded=guarded,
        )
        for place, shape in enumerate(shapes)
    )


def _site(
    network: SpikingNetwork,
    place: int,
    shape: LayerShape,
    neurons: Mapping[str, tuple[int, ...]],
    memory: int,
    *,
    last: bool,
) -> Site:
    layer = list(network)[place]
    ending = layer_problem(layer, shape.source, shape.target)
    problem = None if ending is None else f"stages.{place}{ending}"
    if place == 0 and type(network) is not SpikingNetwork:
        problem = f"the network is a {type(network).__name__}"
    computed = neurons[layer.name] if last else tuple(range(shape.filters))
    tabled = place == 0 and CODINGS[network.coding].constant and problem is None
    return Site(
        layer,
        shape,
        computed,
        counting=layer.name in neurons,
        first=place == 0,
        last=last,
        time_steps=network.time_steps,
        memory=memory,
        problem=problem,
        lookup=layer_lookup(layer, network.time_steps, computed) if tabled else None,
    )
