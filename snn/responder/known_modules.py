"""Modules that the compiled loops compute exactly as they are; what is not among them runs as torch runs it.

Of torch's own modules, subclasses are not among them, nor are modules with hooks, or with options that change their
output. Neurons are those that say their rule, normalisations those that say their scales and shifts.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import SpikingLayer
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons import LeakyNeuron, Rule
from spikeatlas.snn.neurons.rules.channel_scan import Channels
from spikeatlas.snn.neurons.rules.rule import EXTRAS, VALUES
from spikeatlas.snn.neurons.rules.rule_run import rule_codes, rule_values
from spikeatlas.snn.norms import Norm

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
    """Name a layer's normalisation, if it is no scaling and shift of every channel."""
    norm = layer.norm
    if norm is None:
        return None
    rows = None if _hooked(norm) else norm.affine()
    if rows is None:
        return f".norm is a {type(norm).__name__}"
    fit = all(row.dim() == 2 and row.shape[1] == layer.size for row in rows)
    if not (fit and all(map(_ordinary, rows))):
        return f".norm ({type(norm).__name__}) scales by other than float32 values of {layer.size} channels"
    return None


def neuron_problem(layer: SpikingLayer, target: tuple[int, ...]) -> str | None:
    """Name what is not known of a layer's neurons."""
    neuron = layer.neuron
    change = neuron.change() if isinstance(neuron, LeakyNeuron) else None
    rule = None if change or _hooked(neuron) else neuron.rule
    if rule is None:
        return f".neuron{change or f' is a {type(neuron).__name__}'}"
    if rule.when == "undelayed" or neuron.signed or not neuron.spiking:
        return f".neuron is a {type(neuron).__name__} that resets by halves, or fires other spikes than its rule"
    if target[0] != layer.size or len(target) not in (1, 3):
        return f".neuron has currents of shape {target}, not of {layer.size} neurons"
    shape = (layer.size,) if len(target) == 1 else (layer.size, 1, 1)
    for values in _rule_tensors(rule).values():
        if values.numel() != 1 and tuple(values.shape) != shape:
            return f".neuron has values of shape {tuple(values.shape)}, not one or one a neuron"
        if not _ordinary(values):
            return ".neuron has values that are not on the CPU, or above 1e30"
    return None


def _rule_tensors(rule: Rule) -> dict[str, Tensor]:
    values = {name: getattr(rule, name) for name in (*VALUES, *EXTRAS)}
    return {name: value for name, value in values.items() if value is not None}


def layer_neurons(layer: SpikingLayer, time_steps: int) -> Channels:
    """Copy a known layer's neurons and its normalisation, as the compiled loops take them. TypeError for others."""
    rule = layer.neuron.rule
    if rule is None:
        raise TypeError(f"layer {layer.name!r} has neurons without a rule.")
    flat: dict[str, Any] = {
        name: value.detach().reshape(-1) for name, value in _rule_tensors(rule).items()
    }
    values = rule_values(dataclasses.replace(rule, **flat), (layer.size,)).numpy()
    scale, shift = _norm_rows(layer.norm, layer.size)
    return Channels(
        rule_codes(rule),
        values,
        scale[:time_steps].detach().contiguous().numpy().copy(),
        shift[:time_steps].detach().contiguous().numpy().copy(),
    )


def _norm_rows(norm: Norm | None, channels: int) -> tuple[Tensor, Tensor]:
    """Scales and shifts (s, channels) of a normalisation."""
    rows = None if norm is None else norm.affine()
    return (torch.empty(0, channels), torch.empty(0, channels)) if rows is None else rows


def is_leaky(neurons: Channels) -> bool:
    """Tell whether neurons are snnTorch's leaky ones, at rest at 0, and without a normalisation."""
    codes, values = neurons.codes.tolist(), dict(zip(VALUES, neurons.values, strict=False))
    rest = not (np.any(values["v_reset"]) or np.any(values["start"]))
    leaky = codes[:2] == [0, 0] and codes[2] > 0 and codes[3:] == [1, 0, 0]
    return leaky and rest and not len(neurons.scale) and bool((values["theta"] > 0).all())


def _module_problem(module: nn.Module) -> str | None:
    if _hooked(module):
        return " has hooks"
    if type(module) not in (nn.Conv2d, nn.Linear, SteadyLinear, nn.MaxPool2d, nn.AvgPool2d):
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
    if isinstance(pool, nn.AvgPool2d):
        odd = pool.ceil_mode or pool.divisor_override or pool.padding not in (0, (0, 0))
        return ".pool averages with padding, ceil_mode or another divisor" if odd else None
    if not isinstance(pool, nn.MaxPool2d):
        return None
    dilated = pool.dilation not in (1, (1, 1))
    odd = pool.ceil_mode or pool.return_indices or dilated
    return ".pool has ceil_mode, return_indices or dilation" if odd else None
