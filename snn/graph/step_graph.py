"""One time step of a network as a graph: torch's operations, and neurons that carry their state from step to step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from torch import nn

Kind = Literal["input", "constant", "module", "function", "method", "neuron"]


class NoGraphError(ValueError):
    """A network that is no graph of steps; the message says why, as the end of a sentence."""


@dataclasses.dataclass(frozen=True)
class Output:
    """Output of a node, where it is an argument of another: spikes, of neurons."""

    node: str


@dataclasses.dataclass(frozen=True)
class BatchSize:
    """Number of rows of the tensor that an operation is called with, where it is an argument itself."""


BATCH = BatchSize()


@dataclasses.dataclass(frozen=True, eq=False)
class StepNode:
    """One operation of one step."""

    name: str
    kind: Kind
    target: Any
    """Path of a module, a function, the name of a method; the tensor of a constant."""
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    timed: bool = False
    """True if neurons stand before it (or it is one): it has another value at every step."""

    @property
    def sources(self) -> list[str]:
        """Names of the nodes that it takes."""
        return list(references((self.args, tuple(self.kwargs.values()))))


@dataclasses.dataclass(frozen=True, eq=False)
class StepGraph:
    """Nodes of one step, each behind those that it takes."""

    nodes: Mapping[str, StepNode]
    layers: Mapping[str, str]
    """Node of each layer that may be asked for, shallow to deep: the place of its neurons."""
    modules: Mapping[str, nn.Module]
    """By path: those that the nodes call, in evaluation."""
    time_steps: int

    def needed(self, names: Iterable[str]) -> list[StepNode]:
        """Nodes that some nodes need, in their order, these included."""
        pending, visited = list(names), set[str]()
        while pending:
            name = pending.pop()
            if name not in visited:
                visited.add(name)
                pending += self.nodes[name].sources
        return [node for name, node in self.nodes.items() if name in visited]


def references(value: Any) -> Iterator[str]:
    """Names of the nodes in an argument, however deep in tuples, lists and dicts."""
    if isinstance(value, Output):
        yield value.node
    elif isinstance(value, Mapping):
        yield from references(tuple(value.values()))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from references(part)


def replaced(value: Any, replace: Callable[[Any], Any]) -> Any:
    """Return an argument with its outputs and batch sizes replaced, however deep."""
    if isinstance(value, Output | BatchSize):
        return replace(value)
    if isinstance(value, tuple | list):
        return type(value)(replaced(part, replace) for part in value)
    if isinstance(value, Mapping):
        return {name: replaced(part, replace) for name, part in value.items()}
    return value
