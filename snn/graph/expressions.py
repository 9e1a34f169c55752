"""Nodes of a trace as expressions: equal ones become one node, whatever step of the loop they stand in."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn

from spikeatlas.snn.graph.operations import (
    IDENTITIES,
    IN_PLACE,
    call_problem,
    module_problem,
    size_of,
)
from spikeatlas.snn.graph.step_graph import BATCH, Kind, NoGraphError, Output, StepNode
from spikeatlas.snn.graph.time_axis import makes_sequence, step_of_input

_FRAMES = ("frames",)
"""Value of a forward's input that has an axis of time: only one step of it may be used at once."""


class NeuronCall(NamedTuple):
    """A call of a neuron module in a trace."""

    target: str
    step: int
    use: int
    """Place within the step, from 0, of a module that is called several times in each."""


class Expressions:
    """The nodes of a trace as step nodes, each different one once.

    ``calls``: neurons' calls; ``frames``: axis of time of the forward's input, None if it is one image.
    """

    def __init__(
        self,
        graph: fx.Graph,
        root: nn.Module,
        modules: Mapping[str, nn.Module],
        calls: Mapping[fx.Node, NeuronCall],
        frames: int | None,
        *,
        folded: bool,
    ) -> None:
        self.nodes: dict[str, StepNode] = {}
        self._root, self._modules, self._calls = root, modules, calls
        self._frames, self._folded = frames, folded
        self._places = {node: place for place, node in enumerate(graph.nodes)}
        self._names: dict[Any, str] = {}
        self._values: dict[fx.Node, Any] = {}
        self._steps: dict[fx.Node, frozenset[int]] = {}

    def value(self, node: fx.Node) -> Any:
        """Return what a node is in the step graph: an ``Output``, ``BATCH``, or a plain value."""
        for source in self._behind(node):
            self._values[source] = self._read(source)
            self._steps[source] = self._read_steps(source)
        return self._values[node]

    def steps(self, node: fx.Node) -> frozenset[int]:
        """Steps whose spikes, or whose frames, stand in a node's expression."""
        self.value(node)
        return self._steps[node]

    def _behind(self, node: fx.Node) -> list[fx.Node]:
        """Nodes that a node needs and that have no value yet, itself last; neurons' calls need nothing."""
        order: list[fx.Node] = []
        visited: set[fx.Node] = set()
        stack = [(node, False)]
        while stack:
            current, ready = stack.pop()
            if ready:
                order.append(current)
            elif current not in self._values and current not in visited:
                visited.add(current)
                stack.append((current, True))
                if current not in self._calls:
                    stack += [(source, False) for source in current.all_input_nodes]
        return order

    def _read_steps(self, node: fx.Node) -> frozenset[int]:
        if node in self._calls:
            return frozenset({self._calls[node].step})
        frame = self._frame(node)
        if frame is not None:
            return frozenset({frame})
        inputs = [self._steps[source] for source in node.all_input_nodes]
        return frozenset().union(*inputs)

    def _read(self, node: fx.Node) -> Any:
        if node in self._calls:
            call = self._calls[node]
            return self._spikes(call)
        if node.op == "placeholder":
            return self._placeholder(node)
        if self._frame(node) is not None or self._opens_time(node):
            return self._input(node)
        if node.op == "get_attr":
            return self._constant(node)
        self._check_in_place(node)
        args = fx.node.map_arg(node.args, lambda source: self._values[source])
        kwargs = dict(fx.node.map_arg(node.kwargs, lambda source: self._values[source]))
        if node.op == "call_module":
            return self._module(node, args, kwargs)
        return self._call(node, args, kwargs)

    def _spikes(self, call: NeuronCall) -> Output:
        """Return the spikes of a neuron at this step: its own node is made when its input is known."""
        return Output(f"{call.target}#{call.use + 1}")

    def _placeholder(self, node: fx.Node) -> Any:
        if self._places[node] > 0:
            raise NoGraphError(f"its forward takes more than images ({node.target})")
        return self._node("input", "x", (), {}) if self._frames is None else _FRAMES

    def _input(self, node: fx.Node) -> Any:
        source: Any = node.args[0]
        return self._values[source] if self._frames is None else self._node("input", "x", (), {})

    def _check_in_place(self, node: fx.Node) -> None:
        """Refuse a tensor that is used again after it was changed in place: here it is computed anew, not changed."""
        module = self._modules.get(str(node.target)) if node.op == "call_module" else None
        inplace = node.target in IN_PLACE or node.kwargs.get("inplace")
        if not (inplace or getattr(module, "inplace", False)):
            return
        source = node.args[0]
        later = isinstance(source, fx.Node) and any(
            self._places[user] > self._places[node] for user in source.users
        )
        if later:
            raise NoGraphError(f"it changes a tensor in place ({node.name}) and uses it again")

    def _frame(self, node: fx.Node) -> int | None:
        return None if self._frames is None else step_of_input(node, self._frames)

    def _opens_time(self, node: fx.Node) -> bool:
        """Return True for what makes a sequence of the image, of modules that took sequences."""
        source = node.args[0] if node.args else None
        image = isinstance(source, fx.Node) and self._values[source] == Output("x")
        return self._folded and image and makes_sequence(node)

    def constant(self, node: fx.Node) -> Any:
        """Return the value that a node reads off the module."""
        value: Any = self._root
        for part in str(node.target).split("."):
            value = getattr(value, part)
        return value

    def _constant(self, node: fx.Node) -> Output:
        value = self.constant(node)
        if not isinstance(value, Tensor):
            raise NoGraphError(f"it reads {node.target}, which is no tensor")
        return self._node("constant", value, (), {}, key=str(node.target))

    def _module(self, node: fx.Node, args: Any, kwargs: dict[str, Any]) -> Any:
        path = str(node.target)
        module = self._modules[path]
        if isinstance(module, IDENTITIES):
            return args[0]
        problem = module_problem(module)
        if problem:
            raise NoGraphError(f"its {path}: {problem}")
        if len(args) != 1 or kwargs or not isinstance(args[0], Output):
            raise NoGraphError(f"its {path} is called with more than its input")
        return self._node("module", path, args, {})

    def _call(self, node: fx.Node, args: Any, kwargs: dict[str, Any]) -> Any:
        size = self._size(node, args)
        if size is not None:
            return size
        if node.target is operator.getitem:
            return self._item(node)
        problem = call_problem(node.target, args, kwargs)
        if problem or any(value == _FRAMES for value in args):
            problem = problem or "all steps of its input are used at once"
            raise NoGraphError(problem)
        kind: Kind = "method" if node.op == "call_method" else "function"
        return self._node(kind, node.target, args, kwargs)

    def _size(self, node: fx.Node, args: Any) -> Any:
        """Return the size of an axis that is read: ``BATCH`` of the first, a node of others; None if none is read."""
        if node.target is getattr and args[1] == "shape":
            return ("shape", args[0])
        if node.target == "size":
            shape = ("shape", args[0])
            return self._axis(shape, args[1]) if len(args) > 1 else shape
        if (
            node.target is operator.getitem
            and isinstance(args[0], tuple)
            and args[0][:1] == ("shape",)
        ):
            return self._axis(args[0], args[1])
        return None

    def _axis(self, shape: Any, axis: Any) -> Any:
        if not isinstance(axis, int):
            raise NoGraphError("it takes a part of a shape")
        if axis == 0 or shape[1] == _FRAMES:
            # a forward that takes (T, n, ...) asks for either of both sizes
            return BATCH
        return self._node("function", size_of, (shape[1], axis), {})

    def _item(self, node: fx.Node) -> Any:
        source: Any = node.args[0]
        if source in self._calls and node.args[1] == 0:
            return self._values[source]
        if source in self._calls:
            path = self._calls[source].target
            raise NoGraphError(
                f"a state of its {path}, not only its spikes, goes on to other layers"
            )
        raise NoGraphError("it takes a part of a tensor")

    def _node(
        self, kind: Kind, target: Any, args: Any, kwargs: dict[str, Any], key: str = ""
    ) -> Output:
        """Return the node that does this, made once."""
        identity = (kind, key or target, _frozen(args), _frozen(kwargs))
        if identity not in self._names:
            name = "x" if kind == "input" else f"{kind}{len(self._names)}"
            self._names[identity] = name
            self.nodes[name] = StepNode(name, kind, target, tuple(args), kwargs)
        return Output(self._names[identity])

    def neuron(self, name: str, path: str, source: Any) -> None:
        """Add the node of a neuron, with its input at any step."""
        self.nodes[name] = StepNode(name, "neuron", path, (source,))


def _frozen(value: Any) -> Any:
    """Hashable form of an argument."""
    if isinstance(value, Mapping):
        return tuple(sorted((name, _frozen(part)) for name, part in value.items()))
    if isinstance(value, tuple | list):
        return tuple(map(_frozen, value))
    if isinstance(value, slice):
        return ("slice", value.start, value.stop, value.step)
    return value if not isinstance(value, torch.Tensor) else id(value)
