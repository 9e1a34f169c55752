"""Layers of a network whose neurons go by another function than their own ``run``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import SpikingLayer, TrainableNetwork
from spikeatlas.snn.neurons import SpikingNeuron, State

Loop = Callable[[Tensor], Tensor]
"""Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant, with gradient."""
NeuronRun = Callable[[Tensor, int], Tensor]
"""The same, of so many time steps: ``SpikingNeuron.run``."""
Replacement = tuple[nn.Module, str, Callable[..., Tensor]]
"""A module, the name of its function, and the function in place of that."""


def layered(
    network: TrainableNetwork,
    compile_loop: Callable[[Loop], Loop] = lambda loop: loop,
    *,
    traceable: bool = False,
) -> Loop:
    """Return a network's evaluation, layer after layer, each layer's neurons by a loop over their steps.

    ``compile_loop``: what makes of a loop, which does the same with every call, a faster one; ``traceable``: what
    stands before the neurons goes by torch's operations alone, too.
    """
    parts = list(network.modules())
    others: list[Replacement] = [
        (part, "run", _stepped(part, compile_loop))
        for part in parts
        if isinstance(part, SpikingNeuron)
    ]
    if traceable:
        layers = [part for part in parts if isinstance(part, SpikingLayer)]
        others += [(layer, "folded", layer.operated) for layer in layers]

    def run(inputs: Tensor) -> Tensor:
        with _replaced(others):
            outputs: Tensor = network(inputs)
        return outputs

    return run


@contextmanager
def _replaced(others: Sequence[Replacement]) -> Iterator[None]:
    """Let modules go by other functions for a while; nobody else may use the network meanwhile."""
    for module, name, function in others:
        vars(module)[name] = function
    try:
        yield
    finally:
        for module, name, _ in others:
            del vars(module)[name]


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
