"""The tensors of a network in which the units of a layer have entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.neurons import SpikingNeuron
from spikeatlas.snn.norms import Norm


class UnitTensor(NamedTuple):
    """A parameter or buffer with entries of units along one axis."""

    tensor: Tensor
    axis: int
    spread: int = 1
    """Entries of one unit, which stand side by side: the positions of its map, where the next layer's operator
    has them in a row."""

    def entries(self, units: Tensor) -> Tensor:
        """Places (entries,) along the axis of so many units' entries, in their order."""
        places = torch.arange(self.spread, device=units.device)
        return (units[:, None] * self.spread + places).flatten()


def unit_tensors(network: SpikingNetwork, layer: str) -> list[UnitTensor]:
    """Return what the units of a hidden layer have in a network: their own tensors, and the next layer's inputs.

    A convolution's unit is a channel. ValueError for an unknown layer, the output, and one whose units
    cannot be told apart (``unit_axes`` of norms and neurons).
    """
    rows = list(network)
    place = len(network.upto([layer])) - 1
    if place == len(rows) - 1:
        raise ValueError(
            f"layer {layer!r} is the output, which its decoding reads whole: name a hidden layer."
        )
    cut, following = rows[place], rows[place + 1]
    if following.norm is not None:
        # the length of a filter, say, hangs on all of its inputs
        _axes(following.norm, layer)
    spread = following.operator.weight.shape[1] // cut.size
    return [*_own(cut), UnitTensor(following.operator.weight, 1, spread)]


def _own(layer: SpikingLayer) -> Iterator[UnitTensor]:
    """Yield the layer's tensors: those of its operator, its norm and its neurons."""
    for tensor in layer.operator.parameters():
        yield UnitTensor(tensor, 0)
    parts: list[SpikingNeuron | Norm] = [layer.neuron]
    parts += [] if layer.norm is None else [layer.norm]
    for part in parts:
        tensors = {**dict(part.named_parameters()), **dict(part.named_buffers())}
        for name, axis in _axes(part, layer.name).items():
            yield UnitTensor(tensors[name], axis)


def _axes(part: SpikingNeuron | Norm, layer: str) -> Mapping[str, int]:
    if part.unit_axes is None:
        raise ValueError(
            f"units of layer {layer!r} cannot be cut out: what one does reaches others through a "
            f"{type(part).__name__}."
        )
    return part.unit_axes
