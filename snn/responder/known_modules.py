"""Modules that the compiled loops compute exactly as they are; what is not among them runs as torch runs it.

Subclasses are not among them, nor are modules with hooks, or with options that change their output.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import SpikingLayer
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons import LeakyNeuron

# Beyond, sums of currents might overflow, and infinite currents are not ordered like finite ones.
_LARGEST = 1e30


def layer_problem(
    layer: SpikingLayer, source: tuple[int, ...], target: tuple[int, ...]
) -> str | None:
    """Name what is not known in a layer, as the end of a sentence: ``.neuron is a Mine``; None if all is.

    ``source``, ``target``: shapes of one image's inputs and currents.
    """
    return operator_problem(layer, source) or norm_problem(layer) or neuron_problem(layer, target)


def operator_problem(layer: SpikingLayer, source: tuple[int, ...]) -> str | None:
    """Name what is not known of all that stands before a layer's currents."""
    if type(layer) is not SpikingLayer or _hooked(layer):
        return f" is a {type(layer).__name__}, or has hooks"
    for name in ("operator", "pool"):
        module = getattr(layer, name)
        problem = None if module is None else _module_problem(module)
        if problem:
            return f".{name}{problem}"
    return _wiring_problem(layer, units=len(source) == 1) or _pool_problem(layer.pool)


def norm_problem(layer: SpikingLayer) -> str | None:
    """Name a layer's normalisation, which only torch computes."""
    return None if layer.norm is None else f".norm is a {type(layer.norm).__name__}"


def neuron_problem(layer: SpikingLayer, target: tuple[int, ...]) -> str | None:
    """Name what is not known of a layer's neurons."""
    neuron = layer.neuron
    if not isinstance(neuron, LeakyNeuron):
        return f".neuron is a {type(neuron).__name__}"
    change = neuron.change() or _tensor_problem(neuron)
    if change:
        return f".neuron{change}"
    if target[0] != layer.size or len(target) not in (1, 3):
        return f".neuron has currents of shape {target}, not of {layer.size} neurons"
    shape = (layer.size,) if len(target) == 1 else (layer.size, 1, 1)
    for name in ("beta", "threshold"):
        values = getattr(neuron, name)
        if values.numel() != 1 and tuple(values.shape) != shape:
            return f".neuron.{name} has shape {tuple(values.shape)}, not one value or one a neuron"
    return None


def _module_problem(module: nn.Module) -> str | None:
    if _hooked(module):
        return " has hooks"
    if type(module) not in (nn.Conv2d, nn.Linear, SteadyLinear, nn.MaxPool2d):
        return f" is a {type(module).__name__}"
    return _tensor_problem(module)


def _hooked(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)  # noqa: SLF001


def _tensor_problem(module: nn.Module) -> str | None:
    tensors = [*module.parameters(), *module.buffers()]
    if all(_ordinary(tensor) for tensor in tensors):
        return None
    return " holds tensors that are not float32 on the CPU, or values above 1e30"


def _ordinary(tensor: Tensor) -> bool:
    if not tensor.is_floating_point():
        return tensor.device.type == "cpu"
    largest = tensor.abs().max().item() if tensor.numel() else 0.0
    return tensor.dtype == torch.float32 and tensor.device.type == "cpu" and largest < _LARGEST


def _wiring_problem(layer: SpikingLayer, *, units: bool) -> str | None:
    operator = layer.operator
    if not isinstance(operator, nn.Conv2d):
        linear = layer.flatten or units
        return None if linear else ".operator is linear over a map that is not flattened"
    if isinstance(operator.padding, str) or layer.flatten or units:
        return ".operator is a convolution over no map, or its padding is a name"
    return None


def _pool_problem(pool: nn.Module | None) -> str | None:
    if not isinstance(pool, nn.MaxPool2d):
        return None
    dilated = pool.dilation not in (1, (1, 1))
    odd = pool.ceil_mode or pool.return_indices or dilated
    return ".pool has ceil_mode, return_indices or dilation" if odd else None
