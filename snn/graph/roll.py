"""The T copies of a step that a loop over time leaves in a trace, rolled up into one step.

The k-th call of each neuron belongs to step k // uses. All copies must be one expression of the input, the weights and
spikes of the same step, and each neuron's state must come from its own call before, and be 0 at first.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from spikeatlas.snn.graph.expressions import Expressions, NeuronCall
from spikeatlas.snn.graph.step_graph import NoGraphError, StepGraph, StepNode
from spikeatlas.snn.neurons import is_neuron

Place = tuple[str, int]
"""Path of a neuron module, and its place of use within a step, from 1."""


@dataclasses.dataclass(frozen=True, eq=False)
class Roll:
    """A trace, and how time is in it."""

    graph: fx.Graph
    root: nn.Module
    steps: int
    """Copies of the step in the trace."""
    time_steps: int
    frames: int | None = None
    """Axis of time of the forward's input that a loop runs over; None: the input is one image."""
    folded: bool = False
    """True if the modules took whole sequences, and were set to single steps."""

    def rolled(self, layers: Mapping[str, Place]) -> StepGraph:
        """Return one step of the network, down to the layers. NoGraphError where there is no such step."""
        modules = dict(self.root.named_modules())
        calls = self._calls(modules)
        places = {call: node for node, call in calls.items()}
        expressions = Expressions(
            self.graph, self.root, modules, calls, self.frames, folded=self.folded
        )
        nodes = _Roller(expressions, places, self.steps, self.time_steps)
        for name, (path, use) in layers.items():
            if NeuronCall(path, 0, use - 1) not in places:
                raise NoGraphError(
                    f"layer {name} ({path}, use {use}) is called by no step's forward"
                )
            nodes.add(NeuronCall(path, 0, use - 1))
        names = {name: f"{path}#{use}" for name, (path, use) in layers.items()}
        return StepGraph(_timed(nodes.ordered), names, modules, self.time_steps)

    def _calls(self, modules: Mapping[str, nn.Module]) -> dict[fx.Node, NeuronCall]:
        """Calls of neurons, each with its step and place of use."""
        rows: dict[str, list[fx.Node]] = {}
        for node in self.graph.nodes:
            if node.op == "call_module" and is_neuron(modules[str(node.target)]):
                rows.setdefault(str(node.target), []).append(node)
        calls = {}
        for path, row in rows.items():
            uses, rest = divmod(len(row), self.steps)
            if rest:
                raise NoGraphError(
                    f"its {path} is called {len(row)} times, in {self.steps} time steps"
                )
            for number, node in enumerate(row):
                calls[node] = NeuronCall(path, number // uses, number % uses)
        return calls


class _Roller:
    """Neurons' nodes, each behind what it needs."""

    def __init__(
        self,
        expressions: Expressions,
        places: Mapping[NeuronCall, fx.Node],
        steps: int,
        time_steps: int,
    ) -> None:
        self.ordered: dict[str, StepNode] = {}
        self._expressions = expressions
        self._places, self._steps, self._time_steps = places, steps, time_steps
        self._pending: set[str] = set()

    def add(self, first: NeuronCall) -> None:
        """Add the node of a neuron, given its call in the first step, and all nodes before it."""
        name = f"{first.target}#{first.use + 1}"
        if name in self.ordered:
            return
        self._check_state(first)
        source = self._source(first)
        self._expressions.neuron(name, first.target, source)
        self._place(name)

    def _place(self, name: str) -> None:
        """Put a node behind those that it takes, neurons among them."""
        stack = [(name, False)]
        while stack:
            current, ready = stack.pop()
            if current in self.ordered:
                continue
            if ready:
                self.ordered[current] = self._expressions.nodes[current]
                continue
            if current not in self._expressions.nodes:
                self._neuron(current)
            if current in self._pending:
                raise NoGraphError(f"its {current} stands before itself in one step")
            self._pending.add(current)
            stack.append((current, True))
            stack += [(source, False) for source in self._expressions.nodes[current].sources]

    def _neuron(self, name: str) -> None:
        path, use = name.rsplit("#", 1)
        call = NeuronCall(path, 0, int(use) - 1)
        self._check_state(call)
        self._expressions.neuron(name, path, self._source(call))

    def _source(self, first: NeuronCall) -> Any:
        """Input of a neuron, the same expression at every step."""
        values = []
        # from the last: only there does what comes from another step look like it
        for step in reversed(range(self._steps)):
            node = self._places[first._replace(step=step)].args[0]
            if not isinstance(node, fx.Node):
                raise NoGraphError(f"its {first.target} is called with no tensor of the forward")
            values.append(self._expressions.value(node))
            if self._expressions.steps(node) - {step}:
                raise NoGraphError(f"its {first.target} is driven by another step: it is recurrent")
        if any(value != values[0] for value in values):
            raise NoGraphError(
                f"its {first.target} is driven otherwise at one step than at another"
            )
        return values[0]

    def _check_state(self, first: NeuronCall) -> None:
        """Refuse states that are not the neuron's own of the step before, or not 0 at first."""
        path, implicit = first.target, 0
        for step in range(self._steps):
            call = first._replace(step=step)
            node = self._places[call]
            states = [*node.args[1:], *node.kwargs.values()]
            implicit += not states
            for number, state in enumerate(states, 1):
                if step == 0 and _is_rest(state, self._expressions):
                    continue
                before = self._places[first._replace(step=step - 1)] if step else None
                if before is None or not _is_part(state, before, number):
                    raise NoGraphError(
                        f"the state of its {path} is not that of its own step before"
                    )
        shared = first._replace(use=1 - min(first.use, 1)) in self._places
        if implicit < self._steps == 1 < self._time_steps:
            raise NoGraphError(f"the state of its {path} starts anew at every step")
        if implicit not in (0, 1, self._steps) or (implicit and shared):
            raise NoGraphError(f"its {path} stands at several places, which share one state")


def _is_part(state: Any, call: fx.Node, number: int) -> bool:
    """Return True for the output ``call[number]``."""
    part = isinstance(state, fx.Node) and state.target is operator.getitem
    return part and state.args == (call, number)


def _is_rest(state: Any, expressions: Expressions) -> bool:
    """Return True for a state that is 0, or none yet."""
    if state is None:
        return True
    if not isinstance(state, fx.Node):
        return False
    if state.op == "get_attr":
        value = expressions.constant(state)
        return isinstance(value, Tensor) and not bool((value != 0).any())
    zeros = (torch.zeros, torch.zeros_like, "new_zeros", "zero_")
    return state.target in zeros


def _timed(nodes: Mapping[str, StepNode]) -> dict[str, StepNode]:
    """Mark the nodes that neurons stand before."""
    result: dict[str, StepNode] = {}
    for name, node in nodes.items():
        timed = node.kind == "neuron" or any(result[source].timed for source in node.sources)
        result[name] = dataclasses.replace(node, timed=timed)
    return result
