"""Shapes of a network's layers, as the ways to compute them need them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import torch
from torch import nn

from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.responder.kernels.tiling import Span
from spikeatlas.snn.responder.known_modules import operator_problem


@dataclasses.dataclass(frozen=True)
class LayerShape:
    """Sizes of a layer, which its loops run over."""

    source: tuple[int, ...]
    """Of one image's input: (channels, h, w), or (units,)."""
    target: tuple[int, ...]
    """Of one image's currents: (channels, h, w), or (units,)."""
    height: Span
    """Of an operator that is not known, like ``width``: one input at every position."""
    width: Span
    simple: bool
    """No groups, no dilation, zero padding, no operator but torch's own: what the compiled loops know."""

    @property
    def channels(self) -> int:
        """Channels of the input map."""
        return self.source[0]

    @property
    def filters(self) -> int:
        """Channels of the neurons' map: the layer's neurons."""
        return self.target[0]

    @property
    def inputs(self) -> int:
        """Inputs of one neuron before pooling: kernel height * width * channels."""
        return self.height.kernel * self.width.kernel * self.channels

    @property
    def input_map(self) -> int:
        """Numbers in the input map."""
        return math.prod(self.source)

    @property
    def positions(self) -> int:
        """Positions of the operator, before pooling."""
        return self.height.positions * self.width.positions

    @property
    def outputs(self) -> int:
        """Positions of the neurons' map."""
        return math.prod(self.target[1:])


def layer_shapes(network: SpikingNetwork, layers: Sequence[SpikingLayer]) -> list[LayerShape]:
    """Shapes of a network's first layers, ``layers``."""
    source: tuple[int, ...] = network.input_shape
    shapes = []
    for layer in layers:
        shapes.append(_shape(layer, source))
        source = shapes[-1].target
    return shapes


def _shape(layer: SpikingLayer, source: tuple[int, ...]) -> LayerShape:
    operator = layer.operator
    sides = source[1:] if len(source) == 3 else (1, 1)
    if operator_problem(layer, source):
        spans = [Span(side, 1, 1, 0) for side in sides]
        return LayerShape(source, _measured(layer, source), spans[0], spans[1], simple=False)
    if isinstance(operator, nn.Conv2d):
        spans = [_span(operator, layer.pool, axis, sides[axis]) for axis in (0, 1)]
        target = (operator.out_channels, spans[0].outputs, spans[1].outputs)
        return LayerShape(source, target, spans[0], spans[1], simple=_simple(operator))
    spans = [Span(side, side, 1, 0) for side in sides]
    return LayerShape(source, (operator.out_features,), spans[0], spans[1], simple=True)


@torch.no_grad()
def _measured(layer: SpikingLayer, source: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of one image's currents, as an operator of any kind makes them."""
    return tuple(layer.currents(torch.zeros(1, *source)).shape[1:])


def _simple(operator: nn.Conv2d) -> bool:
    zeros = operator.padding_mode == "zeros"
    return operator.groups == 1 and set(operator.dilation) == {1} and zeros


def _span(operator: nn.Conv2d, pool: nn.Module | None, axis: int, inputs: int) -> Span:
    padding = operator.padding[axis]
    if not isinstance(padding, int):
        raise TypeError(f"padding is {operator.padding!r}: it must be numbers.")
    kernel = operator.dilation[axis] * (operator.kernel_size[axis] - 1) + 1
    span = Span(inputs, kernel, operator.stride[axis], padding)
    # any other pool is no operator that is known
    if not isinstance(pool, nn.MaxPool2d):
        return span
    sides = [_pair(values)[axis] for values in (pool.kernel_size, pool.stride, pool.padding)]
    return dataclasses.replace(span, pool=sides[0], pool_stride=sides[1], pool_padding=sides[2])


def _pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else value


def work(shape: LayerShape) -> int:
    """Multiplications of the operator for one image and time step."""
    return math.prod((shape.inputs, shape.filters, shape.positions))
