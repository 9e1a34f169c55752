"""Intervals of a layer's currents and outputs: interval arithmetic, in double precision, rounded outwards."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.coding import CODINGS
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.neurons import ReluNeuron, SpikingNeuron
from spikeatlas.snn.neurons.tandem import SummingNeuron
from spikeatlas.snn.norms import Norm

_UNIT = 2.0**-24
"""Relative error of one rounding of single precision, in which networks compute."""
_WINDOW = 2
"""Side of a pool's windows (``SpikingLayer``)."""
_MEAN = 8
"""Roundings of a mean over a window, at most."""
_DYNAMICS = 1e-5
"""Share of a current that the rounding of a membrane's course is smaller than."""


class Interval(NamedTuple):
    """Bounds (T or 1, 1, ...) of currents or outputs in double precision; infinite where nothing is known."""

    low: Tensor
    high: Tensor

    def widened(self, margin: Tensor) -> Interval:
        """Return it with a margin (>= 0) at both ends; what is no number is no bound."""
        low, high = self.low - margin, self.high + margin
        return Interval(low.nan_to_num(-torch.inf), high.nan_to_num(torch.inf))


def input_interval(network: SpikingNetwork) -> Interval:
    """Return what enters a network, whatever the pixels: (T or 1, 1, c, h, w)."""
    coding = CODINGS[network.coding]
    shape = (1, 1, *network.input_shape)
    black, white = ((value - network.mean.double()) / network.std.double() for value in (0.0, 1.0))
    low, high = (row.cpu()[:, None, None].expand(shape) for row in (black, white))
    if coding.binary or coding.ternary:
        return Interval(
            torch.full(shape, -float(coding.ternary)).double(), torch.ones(shape).double()
        )
    image = Interval(low, high).widened(4 * _UNIT * torch.maximum(low.abs(), high.abs()))
    return _padded(image, after=network.time_steps - 1) if coding.pulse else image


def _padded(interval: Interval, *, before: int = 0, after: int = 0) -> Interval:
    """Return an interval (1, ...) with steps at which there is nothing."""
    shape = interval.low.shape[1:]
    parts = (
        torch.cat([bound.new_zeros((before, *shape)), bound, bound.new_zeros((after, *shape))])
        for bound in interval
    )
    return Interval(*parts)


def currents(layer: SpikingLayer, inputs: Interval) -> Interval:
    """Return the bounds of a layer's currents, pooled, for inputs within bounds."""
    operated = conducted(layer, inputs)
    # a mean is part of what is conducted
    if not isinstance(layer.pool, nn.MaxPool2d):
        return operated
    return Interval(*(_folded(layer.pool, bound) for bound in operated))


def conducted(layer: SpikingLayer, inputs: Interval) -> Interval:
    """Return the bounds of all that is linear in a layer: its operator, and a pool that takes means.

    Both are one operator, for windows of a map overlap: bounds of positions that were averaged would be those of no image.
    """
    low, high = (bound.flatten(2) if layer.flatten else bound for bound in inputs)
    weight = layer.operator.weight.detach().double().cpu()
    bias = layer.operator.bias
    shift = None if bias is None else bias.detach().double().cpu()
    pooled = _averaged(layer, weight)
    positive, negative = pooled.clamp(min=0), pooled.clamp(max=0)
    top = _operated(layer, high, positive, shift) + _operated(layer, low, negative, None)
    bottom = _operated(layer, low, positive, shift) + _operated(layer, high, negative, None)
    size, sizes = torch.maximum(low.abs(), high.abs()), _averaged(layer, weight.abs())
    total = _operated(layer, size, sizes, None if shift is None else shift.abs())
    # n terms in any order, each product and sum rounded, are off by n + 1 roundings of their sizes at most; so are means
    terms = weight[0].numel() + 2 + _MEAN
    return Interval(bottom, top).widened(2 * terms * _UNIT * total)


def _averaged(layer: SpikingLayer, weight: Tensor) -> Tensor:
    """Return the kernels (units, channels, k, k) that give means over the pool's windows of what ``weight`` gives."""
    operator, pool = layer.operator, layer.pool
    if not isinstance(pool, nn.AvgPool2d) or not isinstance(operator, nn.Conv2d):
        return weight
    step, (height, width) = operator.stride[0], weight.shape[2:]
    reach = step * (_WINDOW - 1)
    total = weight.new_zeros(*weight.shape[:2], height + reach, width + reach)
    for row, column in itertools.product(range(0, reach + 1, step), repeat=2):
        total[..., row : row + height, column : column + width] += weight
    return total / _WINDOW**2


def _operated(layer: SpikingLayer, inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    rows, operator = inputs.flatten(0, 1), layer.operator
    if isinstance(operator, nn.Conv2d):
        window = _WINDOW if isinstance(layer.pool, nn.AvgPool2d) else 1
        stride = operator.stride[0] * window, operator.stride[1] * window
        rows = functional.conv2d(rows, weight, bias, stride, operator.padding)
    else:
        rows = functional.linear(rows, weight, bias)
    return rows.unflatten(0, inputs.shape[:2])


def _folded(module: nn.Module, inputs: Tensor) -> Tensor:
    rows: Tensor = module(inputs.flatten(0, 1))
    return rows.unflatten(0, inputs.shape[:2])


def normalised(norm: Norm | None, inputs: Interval) -> Interval:
    """Return the bounds of currents as the neurons get them, in evaluation."""
    if norm is None:
        return inputs
    rows = norm.affine()
    if rows is None:
        nothing = torch.full_like(inputs.low, torch.inf)
        return Interval(-nothing, nothing)
    axes = (1,) * (inputs.low.dim() - 3)
    scale, shift = (row.detach().double().cpu().reshape(len(row), 1, -1, *axes) for row in rows)
    ends = (inputs.low * scale, inputs.high * scale)
    size = torch.maximum(ends[0].abs(), ends[1].abs()) + shift.abs()
    interval = Interval(torch.minimum(*ends) + shift, torch.maximum(*ends) + shift)
    return interval.widened(4 * _UNIT * size)


def outputs(neuron: SpikingNeuron, inputs: Interval, time_steps: int) -> Interval:
    """Return the bounds of what neurons hand on, (T, 1, ...), or over all steps alike (1, 1, ...).

    Neurons that are ``monotone`` and silent at the largest currents are silent at all.
    """
    if isinstance(neuron, SummingNeuron) and not neuron.spiking:
        return _padded(_activations(neuron, inputs, time_steps), before=time_steps - 1)
    if isinstance(neuron, ReluNeuron):
        return Interval(*(bound.amax(0, keepdim=True).clamp(min=0) for bound in inputs))
    height = float(neuron.height) if neuron.spiking else torch.inf
    top = torch.full_like(inputs.high[:1], height)
    if neuron.monotone and neuron.spiking:
        loud = inputs.high + _DYNAMICS * inputs.high.abs()
        finite = loud.clamp(max=torch.finfo(torch.float32).max).float()
        fires = (neuron.run(torch.nextafter(finite, torch.tensor(torch.inf)), time_steps) != 0).any(
            0
        )
        top = top * fires[None]
    return Interval(-top if neuron.signed or not neuron.spiking else torch.zeros_like(top), top)


def _activations(neuron: SummingNeuron, inputs: Interval, time_steps: int) -> Interval:
    """Return the bounds (1, 1, ...) of what is handed on at the last step, of the sum over all."""
    shape = (time_steps, *inputs.low.shape[1:])
    low, high = (bound.expand(shape).sum(0, keepdim=True) for bound in inputs)
    sizes = torch.maximum(inputs.low.abs(), inputs.high.abs()).expand(shape).sum(0, keepdim=True)
    total = Interval(low, high).widened(2 * time_steps * _UNIT * sizes)
    return Interval(neuron.activation(total.low), neuron.activation(total.high))
