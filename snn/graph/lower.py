"""Graphs that are chains of layers as ours, as a network that the responder of our own networks runs.

A layer is a flattening (perhaps), a convolution or linear operator, a maximum pool (perhaps) and snnTorch's leaky
neurons. Nothing is lowered unless every node of the chain is one of these.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.graph.execution.layer_operators import is_plain_convolution
from spikeatlas.snn.graph.step_graph import BATCH, Output, StepGraph, StepNode
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons import LeakyNeuron, Rule, read_rule


@dataclasses.dataclass
class _Parts:
    """Nodes between two layers' neurons, as far as they are recognised."""

    flatten: bool = False
    operator: nn.Module | None = None
    pool: nn.MaxPool2d | None = None


def lowered(
    graph: StepGraph, layer: str, *, mean: Sequence[float], std: Sequence[float], shape: Any
) -> SpikingNetwork | None:
    """Return the chain that ends with a layer as a spiking network under constant current, or None if it is none.

    ``mean``, ``std``: what the module's images are normalised with, by channel; ``shape``: (c, h, w) of an image.
    """
    nodes = graph.needed([graph.layers[layer]])
    rows = _rows(graph, nodes)
    if rows is None:
        return None
    names = _public_names(graph, [neurons for neurons, _ in rows])
    layers = []
    for neurons, parts in rows:
        spiking = _layer(names[neurons.name], parts, graph.modules[neurons.target])
        if spiking is None:
            return None
        layers.append(spiking)
    return SpikingNetwork(
        layers,
        input_shape=tuple(shape),
        time_steps=graph.time_steps,
        coding="current",
        mean=torch.tensor(mean, dtype=torch.float32),
        std=torch.tensor(std, dtype=torch.float32),
    ).requires_grad_(requires_grad=False)


def _public_names(graph: StepGraph, neurons: Sequence[StepNode]) -> dict[str, str]:
    """Names of neurons' nodes, as a reader knows them: the layer's, else the module's path if it is called once."""
    layers = {node: name for name, node in graph.layers.items()}
    calls = Counter(node.target for node in graph.nodes.values() if node.kind == "neuron")
    names = {}
    for node in neurons:
        is_free = calls[node.target] == 1 and node.target not in graph.layers
        names[node.name] = layers.get(node.name, node.target if is_free else node.name)
    return names


def _rows(graph: StepGraph, nodes: Sequence[StepNode]) -> list[tuple[StepNode, _Parts]] | None:
    """Layers of a chain: their neurons, and what stands before them."""
    rows: list[tuple[StepNode, _Parts]] = []
    parts, before = _Parts(), None
    for node in nodes:
        if before is None:
            if node.kind != "input":
                return None
        elif node.sources != [before]:
            return None
        elif node.kind == "neuron":
            rows.append((node, parts))
            parts = _Parts()
        elif not _recognise(graph, node, parts):
            return None
        before = node.name
    return rows


def _recognise(graph: StepGraph, node: StepNode, parts: _Parts) -> bool:
    """Add a node to the parts of a layer; False if it is none, or stands where it may not."""
    module = graph.modules[node.target] if node.kind == "module" else None
    if _flattens(node, module) and not parts.flatten and parts.operator is None:
        parts.flatten = True
    elif isinstance(module, nn.Conv2d | nn.Linear) and parts.operator is None:
        parts.operator = module
    elif parts.operator is not None and parts.pool is None:
        parts.pool = _pool(node, module)
        return parts.pool is not None
    else:
        return False
    return True


def _flattens(node: StepNode, module: nn.Module | None) -> bool:
    """Return True for all that makes rows (n, features) of maps."""
    if isinstance(module, nn.Flatten):
        return (module.start_dim, module.end_dim) == (1, -1)
    rest = node.args[1:]
    if node.target in (torch.flatten, "flatten"):
        return (*rest, *node.kwargs.values()) == (1,)
    sizes = rest[0] if rest and isinstance(rest[0], tuple | list) else rest
    return node.target in ("view", "reshape") and tuple(sizes) == (BATCH, -1)


def _pool(node: StepNode, module: nn.Module | None) -> nn.MaxPool2d | None:
    """Return the maximum pool that a node is, if it is one."""
    if type(module) is nn.MaxPool2d or _of_library(module, "MaxPool2d"):
        return nn.MaxPool2d(**{name: getattr(module, name) for name in _POOL})
    if node.target is not F.max_pool2d or any(isinstance(x, Output) for x in node.args[1:]):
        return None
    fields = dict(zip(_POOL, node.args[1:], strict=False)) | dict(node.kwargs)
    return nn.MaxPool2d(**fields) if set(fields) <= set(_POOL) else None


_POOL = ("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode")


def _of_library(module: nn.Module | None, name: str) -> bool:
    """Return True for SpikingJelly's own class of torch's layer, in single steps."""
    cls = type(module)
    return cls.__name__ == name and cls.__module__.startswith("spikingjelly.")


def _layer(name: str, parts: _Parts, neurons: nn.Module) -> SpikingLayer | None:
    """Return a layer with the module's weights, or None where ours would be another."""
    operator, neuron = _operator(parts.operator), _neuron(neurons)
    if operator is None or neuron is None:
        return None
    if parts.flatten and isinstance(operator, nn.Conv2d):
        return None
    layer = SpikingLayer(name, operator, neuron, flatten=parts.flatten)
    layer.pool = parts.pool
    return layer.eval()


def _operator(module: nn.Module | None) -> nn.Conv2d | SteadyLinear | None:
    """Return our operator of a module of torch or of SpikingJelly."""
    operator: nn.Conv2d | SteadyLinear
    if isinstance(module, nn.Conv2d) and is_plain_convolution(module):
        if isinstance(module.padding, str):
            return None
        operator = nn.Conv2d(
            module.in_channels,
            module.out_channels,
            module.kernel_size,  # type: ignore[arg-type]
            module.stride,  # type: ignore[arg-type]
            module.padding,  # type: ignore[arg-type]
            module.dilation,  # type: ignore[arg-type]
            module.groups,
            bias=module.bias is not None,
            padding_mode=module.padding_mode,
            device="meta",
        )
    elif type(module) is nn.Linear or _of_library(module, "Linear"):
        assert isinstance(module, nn.Linear)
        bias = module.bias is not None
        operator = SteadyLinear(module.in_features, module.out_features, bias, device="meta")
    else:
        return None
    operator.weight, operator.bias = module.weight, module.bias
    return operator


def _neuron(module: nn.Module) -> LeakyNeuron | None:
    """Return our leaky neurons of the same rule, if there are such."""
    rule = read_rule(module)
    if not isinstance(rule, Rule) or (rule.charge, rule.compare, rule.when) != (
        "decay",
        ">",
        "next",
    ):
        return None
    if rule.change == "none" or bool((rule.theta <= 0).any()):
        return None
    if bool(rule.v_reset.any()) or bool(rule.start.any()):
        return None
    reset = "zero" if rule.change == "value" else "subtract"
    return LeakyNeuron(rule.a, rule.theta, reset)  # type: ignore[arg-type]
