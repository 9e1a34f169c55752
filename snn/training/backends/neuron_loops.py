"""Layers of a network whose neurons go by another function than their own ``run``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.neurons import SpikingNeuron, State

Loop = Callable[[Tensor], Tensor]
"""Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant, with gradient."""
NeuronRun = Callable[[Tensor, int], Tensor]
"""The same, of so many time steps: ``SpikingNeuron.run``."""


def layered(
    network: TrainableNetwork, compile_loop: Callable[[Loop], Loop] = lambda loop: loop
) -> Loop:
    """Return a network's evaluation, layer after layer, each layer's neurons by a loop over their steps.

    ``compile_loop``: what makes of a loop, which does the same with every call, a faster one.
    """
    neurons = [module for module in network.modules() if isinstance(module, SpikingNeuron)]
    loops = {neuron: _stepped(neuron, compile_loop) for neuron in neurons}

    def run(inputs: Tensor) -> Tensor:
        with _running(loops):
            outputs: Tensor = network(inputs)
        return outputs

    return run


@contextmanager
def _running(loops: Mapping[SpikingNeuron, NeuronRun]) -> Iterator[None]:
    """Let neurons run by other functions for a while; nobody else may use the network meanwhile."""
    for neuron, loop in loops.items():
        vars(neuron)["run"] = loop
    try:
        yield
    finally:
        for neuron in loops:
            del vars(neuron)["run"]


def _stepped(neuron: SpikingNeuron, compile_loop: Callable[[Loop], Loop]) -> NeuronRun:
    """Return the loop over the steps of one layer's neurons, in a form that a compiler of graphs can read."""
    stand_in = _stand_in(neuron)
    at_rest = dict(stand_in.named_buffers())
    loops: dict[int, Loop] = {}

    def run(currents: Tensor, time_steps: int) -> Tensor:
        # snnTorch keeps the membranes of the last step in its module, which others may wrap
        for name, value in at_rest.items():
            module, _, buffer = name.rpartition(".")
            setattr(stand_in.get_submodule(module), buffer, value)
        if time_steps not in loops:
            loops[time_steps] = compile_loop(_loop(stand_in, time_steps))
        return loops[time_steps](currents)

    return run


def _loop(neuron: SpikingNeuron, time_steps: int) -> Loop:
    def loop(currents: Tensor) -> Tensor:
        state: State = None
        spikes = []
        for step in range(time_steps):
            spike, state = neuron.step(currents[step if len(currents) > 1 else 0], state)
            spikes.append(spike)
        return torch.stack(spikes)

    return loop


def _stand_in(neuron: SpikingNeuron) -> SpikingNeuron:
    """Return neurons with the same parameters whose switches are plain: no branch of theirs hangs on a tensor."""
    private = neuron.private()
    stand_in = copy.copy(neuron) if private is neuron else private
    fields = vars(stand_in)
    fields["_buffers"] = dict(fields["_buffers"])
    for name, value in neuron.named_buffers(recurse=False):
        if value.dtype is torch.bool and value.dim() == 0:
            del fields["_buffers"][name]
            fields[name] = bool(value)
    return stand_in
