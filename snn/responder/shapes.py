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
    """As the compiled loops see it: a pool that averages is part of the kernel.

    Of an operator that is not known, like ``width``: one input at every position.
    """
    width: Span
    simple: bool
    """No groups, no dilation, zero padding, no operator but torch's own: what the compiled loops know."""
    positions: int
    """Positions of the operator, before any pooling."""
    work: int
    """Multiplications of the operator for one image and time step."""

    @property
    def channels(self) -> int:
        """Channels of the input map."""
        return self.source[0]

    @property
    def filters(self) -> int:
        """Channels of the neurons' map: the layer's neurons."""
        return self.target[0]

    @property
    def input_map(self) -> int:
        """Numbers in the input map."""
        return math.prod(self.source)

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
        target = _measured(layer, source)
        return _sized(source, target, spans, spans, simple=False)
    if isinstance(operator, nn.Conv2d):
        plain = [_span(operator, axis, sides[axis]) for axis in (0, 1)]
        spans = [_with_pool(plain[axis], layer.pool, axis) for axis in (0, 1)]
        target = (operator.out_channels, spans[0].outputs, spans[1].outputs)
        return _sized(source, target, spans, plain, simple=_simple(operator))
    spans = [Span(side, side, 1, 0) for side in sides]
    return _sized(source, (operator.out_features,), spans, spans, simple=True)


def _sized(
    source: tuple[int, ...],
    target: tuple[int, ...],
    spans: Sequence[Span],
    plain: Sequence[Span],
    *,
    simple: bool,
) -> LayerShape:
    """Shape with its work; ``plain``: spans of the operator alone."""
    positions = math.prod(span.positions for span in plain)
    inputs = math.prod(span.kernel for span in plain) * source[0]
    work = inputs * target[0] * positions
    return LayerShape(source, target, spans[0], spans[1], simple, positions, work)


@torch.no_grad()
def _measured(layer: SpikingLayer, source: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of one image's currents, as an operator of any kind makes them."""
    return tuple(layer.currents(torch.zeros(1, *source)).shape[1:])


def _simple(operator: nn.Conv2d) -> bool:
    zeros = operator.padding_mode == "zeros"
    return operator.groups == 1 and set(operator.dilation) == {1} and zeros


def _span(operator: nn.Conv2d, axis: int, inputs: int) -> Span:
    padding = operator.padding[axis]
    if not isinstance(padding, int):
        raise TypeError(f"padding is {operator.padding!r}: it must be numbers.")
    kernel = operator.dilation[axis] * (operator.kernel_size[axis] - 1) + 1
    return Span(inputs, kernel, operator.stride[axis], padding)


def _with_pool(span: Span, pool: nn.Module | None, axis: int) -> Span:
    """Add the pool to an operator's span: one that averages makes the kernel larger, as both are linear."""
    if isinstance(pool, nn.AvgPool2d):
        side, stride = pair(pool.kernel_size)[axis], pair(pool.stride)[axis]
        kernel = span.kernel + (side - 1) * span.stride
        return dataclasses.replace(span, kernel=kernel, stride=span.stride * stride)
    # any other pool is no operator that is known
    if not isinstance(pool, nn.MaxPool2d):
        return span
    sides = [pair(values)[axis] for values in (pool.kernel_size, pool.stride, pool.padding)]
    return dataclasses.replace(span, pool=sides[0], pool_stride=sides[1], pool_padding=sides[2])


def pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return sizes along height and width."""
    return (value, value) if isinstance(value, int) else value
