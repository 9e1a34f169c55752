"""Networks of which one neuron never fires, all else as it is."""

from __future__ import annotations

import copy
from typing import Self, TypeVar

from torch import Tensor, nn

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.networks.layer import SpikingLayer
from spikeatlas.snn.networks.network import SpikingNetwork
from spikeatlas.snn.neurons import SpikingNeuron, State

Module = TypeVar("Module", bound=nn.Module)


class SilencedNeurons(SpikingNeuron):
    """Neurons of a layer, one of which never fires; a convolution's is a whole channel."""

    def __init__(self, neurons: SpikingNeuron, index: int) -> None:
        super().__init__()
        self.neurons, self.index = neurons, index
        self.signed, self.spiking = neurons.signed, neurons.spiking

    @property
    def height(self) -> float | Tensor:  # type: ignore[override]  # of the contract's attribute: it may be learned
        """See ``SpikingNeuron``."""
        return self.neurons.height

    def relative(self, spikes: Tensor) -> Tensor:
        """See ``SpikingNeuron``."""
        return self.neurons.relative(spikes)

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        spikes, state = self.neurons.step(current, state)
        spikes = spikes.clone()
        spikes[:, self.index] = 0
        return spikes, state

    def unit(self, time_steps: int, map_: tuple[int, ...]) -> Unit:
        """See ``SpikingNeuron``."""
        return self.neurons.unit(time_steps, map_)

    def private(self) -> Self:
        """See ``SpikingNeuron``."""
        return type(self)(self.neurons.private(), self.index)

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``."""
        spikes = self.neurons.run(currents, time_steps).clone()
        spikes[:, :, self.index] = 0
        return spikes


def silenced(network: SpikingNetwork, layer: str, neuron: int) -> SpikingNetwork:
    """Return the network with the same weights, not copies, one neuron of which never fires.

    ValueError for an unknown layer, or a neuron that it does not have.
    """
    size = network.sizes[network.upto([layer])[-1].name]
    if not 0 <= neuron < size:
        raise ValueError(
            f"layer {layer!r} has no neuron {neuron} to silence: give one of 0 to {size - 1}."
        )
    return SpikingNetwork(
        [silenced_layer(part, neuron) if part.name == layer else part for part in network],
        input_shape=network.input_shape,
        time_steps=network.time_steps,
        coding=network.coding,
        mean=network.mean,
        std=network.std,
        decoding=network.decoding,
        readout=network.readout,
    ).train(network.training)


def silenced_layer(layer: SpikingLayer, neuron: int) -> SpikingLayer:
    """Return a layer with the same weights, not copies, one neuron of which never fires."""
    return with_neurons(layer, "neuron", silenced_neurons(layer.neuron, neuron))


def silenced_neurons(neurons: SpikingNeuron, index: int) -> SpikingNeuron:
    """Return the same neurons, one of which never fires, neither for what follows nor for its layer."""
    return neurons.without(index) or SilencedNeurons(neurons, index)


def with_neurons(module: Module, path: str, neurons: SpikingNeuron) -> Module:
    """Return a module with other neurons at a path (``layer1.0.sn1``), all else the same objects."""
    other: Module = copy.copy(module)
    # the copy shares this table with the module: it gets one of its own
    table = dict(module.__dict__["_modules"])
    name, _, rest = path.partition(".")
    table[name] = with_neurons(table[name], rest, neurons) if rest else neurons
    other.__dict__["_modules"] = table
    return other
