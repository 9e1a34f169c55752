"""Reads a network's layers: their shapes, and whether the fast ways compute them exactly."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import SpikingNetwork, Stage
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons.leaky import LeakyNeuron, fire
from spikeatlas.snn.responder.kernels.tiling import Span

# Beyond, sums of currents might overflow, and infinite currents are not ordered like finite ones.
_LARGEST = 1e30


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a layer's loops run over."""

    height: Span
    width: Span
    channels: int
    """Channels of the input map."""
    filters: int
    """Channels of the neurons' map: the layer's neurons."""
    simple: bool
    """No groups, no dilation, zero padding: what the compiled loops know."""

    @property
    def inputs(self) -> int:
        """Inputs of one neuron before pooling: kernel height * width * channels."""
        return self.height.kernel * self.width.kernel * self.channels

    @property
    def input_map(self) -> int:
        """Numbers in the input map."""
        return self.height.inputs * self.width.inputs * self.channels

    @property
    def positions(self) -> int:
        """Positions of the operator, before pooling."""
        return self.height.positions * self.width.positions

    @property
    def outputs(self) -> int:
        """Positions of the neurons' map."""
        return self.height.outputs * self.width.outputs

    @property
    def pooled(self) -> bool:
        """Whether a pool stands behind the operator."""
        return max(self.height.pool, self.width.pool) > 1


def layer_shapes(network: SpikingNetwork, stages: Sequence[Stage]) -> list[Shape]:
    """Shapes of a network's first layers, ``stages``, none of which is an ``unknown_module``."""
    channels, *size = network.input_shape
    shapes = []
    for stage in stages:
        shape = _shape(stage, channels, size)
        shapes.append(shape)
        channels, size = shape.filters, [shape.height.outputs, shape.width.outputs]
    return shapes


def _shape(stage: Stage, channels: int, size: list[int]) -> Shape:
    operator = stage.operator
    if isinstance(operator, nn.Conv2d):
        height, width = (_span(operator, stage.pool, axis, size[axis]) for axis in (0, 1))
        filters, simple = operator.out_channels, _simple(operator)
        return Shape(height, width, channels, filters, simple=simple)
    height, width = (Span(side, side, 1, 0) for side in size)
    return Shape(height, width, channels, operator.out_features, simple=True)


def _simple(operator: nn.Conv2d) -> bool:
    zeros = operator.padding_mode == "zeros"
    return operator.groups == 1 and set(operator.dilation) == {1} and zeros


def _span(operator: nn.Conv2d, pool: nn.MaxPool2d | None, axis: int, inputs: int) -> Span:
    padding = operator.padding[axis]
    if not isinstance(padding, int):
        raise TypeError(f"padding is {operator.padding!r}: it must be numbers.")
    kernel = operator.dilation[axis] * (operator.kernel_size[axis] - 1) + 1
    span = Span(inputs, kernel, operator.stride[axis], padding)
    if pool is None:
        return span
    sides = [_pair(value)[axis] for value in (pool.kernel_size, pool.stride, pool.padding)]
    return dataclasses.replace(span, pool=sides[0], pool_stride=sides[1], pool_padding=sides[2])


def _pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else value


def unknown_module(network: SpikingNetwork, stages: Sequence[Stage]) -> str | None:
    """Name a module that only the plain loop computes as it is, and why; None if there is none.

    ``stages``: those on the way to the neurons asked for. Subclasses count as unknown, and so do
    hooks and options that change a module's output.
    """
    if type(network) is not SpikingNetwork:
        return f"the network is a {type(network).__name__}"
    units = False
    for place, stage in enumerate(stages):
        problem = _stage_problem(stage, units=units)
        if problem:
            return f"stages.{place}{problem}"
        units = not _maps(stage)
    return None


def _hooked(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)  # noqa: SLF001


def _stage_problem(stage: Stage, *, units: bool) -> str | None:
    if type(stage) is not Stage or _hooked(stage):
        return f" is a {type(stage).__name__}, or has hooks"
    for name, module in stage.named_children():
        if _hooked(module):
            return f".{name} has hooks"
        if type(module) not in (nn.Conv2d, nn.Linear, SteadyLinear, nn.MaxPool2d, LeakyNeuron):
            return f".{name} is a {type(module).__name__}"
        if not _plain_tensors(module):
            return f".{name} holds tensors that are not float32 on the CPU, or values above 1e30"
    problem = _operator_problem(stage, units=units) or _pool_problem(stage.pool)
    return problem or _neuron_problem(stage.neuron, stage.size, units=not _maps(stage))


def _maps(stage: Stage) -> bool:
    return isinstance(stage.operator, nn.Conv2d)


def _plain_tensors(module: nn.Module) -> bool:
    tensors = [*module.parameters(), *module.buffers()]
    return all(_plain(tensor) for tensor in tensors)


def _plain(tensor: Tensor) -> bool:
    if not tensor.is_floating_point():
        return tensor.device.type == "cpu"
    largest = tensor.abs().max().item() if tensor.numel() else 0.0
    return tensor.dtype == torch.float32 and tensor.device.type == "cpu" and largest < _LARGEST


def _operator_problem(stage: Stage, *, units: bool) -> str | None:
    operator = stage.operator
    if not isinstance(operator, nn.Conv2d):
        linear = stage.flatten or units
        return None if linear else ".operator is linear over a map that is not flattened"
    if isinstance(operator.padding, str) or stage.flatten or units:
        return ".operator is a convolution over no map, or its padding is a name"
    return None


def _pool_problem(pool: nn.MaxPool2d | None) -> str | None:
    if pool is None:
        return None
    odd = pool.ceil_mode or pool.return_indices or set(_pair(pool.dilation)) != {1}
    return ".pool has ceil_mode, return_indices or dilation" if odd else None


def _neuron_problem(neuron: LeakyNeuron, size: int, *, units: bool) -> str | None:
    if neuron.reset_mechanism not in ("subtract", "zero") or not neuron.reset_delay:
        return ".neuron has another reset than 'subtract' or 'zero', one step later"
    changed = (
        neuron.inhibition
        or neuron.state_quant
        or neuron.init_hidden
        or neuron.output
        or neuron.graded_spikes_factor != 1
        or neuron.spike_grad is not fire
    )
    if changed:
        return ".neuron has options of snnTorch that change its spikes"
    each = (size,) if units else (size, 1, 1)
    for name in ("beta", "threshold"):
        values = getattr(neuron, name)
        if values.numel() != 1 and tuple(values.shape) != each:
            return f".neuron.{name} has shape {tuple(values.shape)}, not one value or one a neuron"
    if not bool((neuron.threshold > 0).all()):
        return ".neuron.threshold is not positive"
    return None


def work(shape: Shape) -> int:
    """Multiplications of the operator for one image and time step."""
    return math.prod((shape.inputs, shape.filters, shape.positions))
