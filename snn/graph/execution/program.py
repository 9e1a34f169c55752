"""A step graph put in order for some of its layers: operations over all time steps, and which tensors end where."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere
from torch.nn.modules import batchnorm, pooling

from spikeatlas.snn.graph.execution.affine import scale_and_shift
from spikeatlas.snn.graph.execution.layer_neurons import (
    Fired,
    NeuronInput,
    ScannedNeurons,
    SteppedNeurons,
)
from spikeatlas.snn.graph.execution.layer_operators import call_operation, module_function
from spikeatlas.snn.graph.execution.values import Value
from spikeatlas.snn.graph.operations import is_addition
from spikeatlas.snn.graph.step_graph import Output, StepGraph, StepNode
from spikeatlas.snn.neurons import Rule, read_rule


@dataclasses.dataclass(frozen=True, eq=False)
class _Work:
    """One operation of a program."""

    node: StepNode
    function: Any
    """Of a module or of neurons; None for others."""
    inputs: tuple[NeuronInput, ...]
    sources: tuple[str, ...]
    spiking: bool
    """True if another operation takes its output."""
    ended: tuple[str, ...]
    """Nodes whose values no later operation takes."""


class Program:
    """The operations that some layers need, the deepest of them last."""

    def __init__(self, graph: StepGraph, layers: Iterable[str], functions: Functions) -> None:
        self._time_steps = graph.time_steps
        self._layers = {graph.layers[name]: name for name in layers}
        nodes = graph.needed(self._layers)
        inputs = {node.name: functions.inputs(node) for node in nodes if node.kind == "neuron"}
        sources = {node.name: _sources(node, inputs) for node in nodes}
        live = _live(sources, self._layers)
        nodes = [node for node in nodes if node.name in live]
        last = {source: node.name for node in nodes for source in sources[node.name]}
        self._works = [
            _Work(
                node,
                functions.of(node),
                inputs.get(node.name, ()),
                sources[node.name],
                node.name in last,
                tuple(source for source in sources[node.name] if last[source] == node.name),
            )
            for node in nodes
        ]

    def __call__(self, images: Tensor, *, timed: bool = False) -> dict[str, Tensor]:
        """Spike counts (n, channels, *map) of each layer, of images (n, c, h, w), or (T n, c, h, w) if timed."""
        values: dict[str, Value] = {}
        counts: dict[str, Tensor] = {}
        for work in self._works:
            if work.node.kind == "neuron":
                spikes = self._fire(work, values)
                if work.node.name in self._layers and spikes.counts is not None:
                    counts[self._layers[work.node.name]] = spikes.counts
                if spikes.spikes is not None and work.spiking:
                    values[work.node.name] = Value(spikes.spikes, timed=True)
            else:
                values[work.node.name] = self._compute(work, values, Value(images, timed))
            for name in work.ended:
                del values[name]
        return counts

    def _fire(self, work: _Work, values: Mapping[str, Value]) -> Fired:
        inputs = [(values[source.node], source.norm) for source in work.inputs]
        fired: Fired = work.function(
            inputs, spiking=work.spiking, counting=work.node.name in self._layers
        )
        return fired

    def _compute(self, work: _Work, values: Mapping[str, Value], images: Value) -> Value:
        match work.node.kind:
            case "input":
                return images
            case "constant":
                return Value(work.node.target, timed=False, shared=True)
            case "module":
                value = values[work.sources[0]]
                return Value(work.function(value.tensor), value.timed, value.shared)
        return call_operation(work.node, values, self._time_steps)


class Functions:
    """Functions that compute the modules and neurons of a graph, made once for all programs of it."""

    def __init__(
        self, graph: StepGraph, channels: Mapping[str, tuple[int, ...]], *, exact: bool = True
    ) -> None:
        """``channels``: shape of one image's value, of the nodes of batch normalisations; ``exact``: see ``Layered``."""
        self._graph, self._channels, self._exact = graph, channels, exact
        self._functions: dict[str, Any] = {}
        self._norms: dict[str, Tensor | None] = {}

    def of(self, node: StepNode) -> Callable[..., Any] | None:
        """Return the function of a node; None for one that is no module."""
        if node.kind not in ("module", "neuron"):
            return None
        if node.name not in self._functions:
            module = self._graph.modules[node.target]
            self._functions[node.name] = (
                self._neurons(module)
                if node.kind == "neuron"
                else module_function(module, spikes=self._fires(node.sources[0]), exact=self._exact)
            )
        function: Callable[..., Any] = self._functions[node.name]
        return function

    def _fires(self, name: str) -> bool:
        """Return True for a node whose values are 0 or 1: neurons of a rule, or the largest of those."""
        node = self._graph.nodes[name]
        if node.kind == "neuron":
            return isinstance(self.of(node), ScannedNeurons)
        module = self._graph.modules.get(node.target) if node.kind == "module" else None
        pooled = node.target is F.max_pool2d or isinstance(module, pooling.MaxPool2d)
        return pooled and self._fires(node.sources[0])

    def _neurons(self, module: nn.Module) -> ScannedNeurons | SteppedNeurons:
        rule = read_rule(module)
        steps = self._graph.time_steps
        return (
            ScannedNeurons(rule, steps) if isinstance(rule, Rule) else SteppedNeurons(module, steps)
        )

    def inputs(self, node: StepNode) -> tuple[NeuronInput, ...]:
        """Inputs of a neuron node: a sum and batch normalisations before it are part of the scan, if it has a rule."""
        source: Output = node.args[0]
        if not isinstance(self.of(node), ScannedNeurons):
            return (NeuronInput(source.node, None),)
        before = self._graph.nodes[source.node]
        if is_addition(before.target, before.args, before.kwargs) and self._same(before):
            return tuple(self._normed(part.node) for part in before.args)
        return (self._normed(source.node),)

    def _same(self, addition: StepNode) -> bool:
        """Return True if both terms of a sum have its shape."""
        first, second = (self._channels[part.node] for part in addition.args)
        return first == second

    def _normed(self, name: str) -> NeuronInput:
        """Return an input: what stands before a batch normalisation that is a multiply-add, with that."""
        node = self._graph.nodes[name]
        if name not in self._norms:
            self._norms[name] = self._norm(node)
        norm = self._norms[name]
        source: Any = node.args[0] if node.args else None
        return NeuronInput(name, None) if norm is None else NeuronInput(source.node, norm)

    def _norm(self, node: StepNode) -> Tensor | None:
        module = self._graph.modules.get(node.target) if node.kind == "module" else None
        if not isinstance(module, batchnorm._BatchNorm):  # noqa: SLF001 - all of torch's batch normalisations
            return None
        shape = self._channels[node.name]
        return scale_and_shift(module, shape[0], len(shape) - 1)


def _sources(node: StepNode, inputs: Mapping[str, tuple[NeuronInput, ...]]) -> tuple[str, ...]:
    """Nodes that a node's operation takes, each once."""
    names = [source.node for source in inputs[node.name]] if node.name in inputs else node.sources
    return tuple(dict.fromkeys(names))


def _live(sources: Mapping[str, tuple[str, ...]], ends: Iterable[str]) -> set[str]:
    """Nodes that the ends still need, when what went into a scan is no node of its own."""
    pending, live = list(ends), set[str]()
    while pending:
        name = pending.pop()
        if name not in live:
            live.add(name)
            pending += sources[name]
    return live


@torch.no_grad()
def shapes(graph: StepGraph, example: Tensor) -> dict[str, tuple[int, ...]]:
    """Shapes of one image's values of all nodes, run once as torch runs them; ``example`` (2, c, h, w)."""
    values: dict[str, Value] = {}
    for node in graph.nodes.values():
        match node.kind:
            case "input":
                value = Value(example, timed=False)
            case "constant":
                value = Value(node.target, timed=False, shared=True)
            case "module":
                value = Value(
                    graph.modules[node.target](values[node.sources[0]].tensor), timed=False
                )
            case "neuron":
                value = values[node.sources[0]]
            case _:
                value = call_operation(node, values, 1)
        values[node.name] = value
    return {
        name: tuple(value.tensor.shape[1:]) if isinstance(value.tensor, Tensor) else ()
        for name, value in values.items()
    }
