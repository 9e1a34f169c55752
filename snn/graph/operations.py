"""Operations of torch that treat every image of a batch alone: what the steps of a graph may call.

Time steps are folded into the batch, so an operation that mixes rows, or that is not known here, keeps a network from
running faster.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere
from torch.nn.modules import activation, batchnorm, conv, dropout, pooling

from spikeatlas.snn.graph.step_graph import BATCH, BatchSize, Output, references

IDENTITIES = (nn.Identity, dropout._DropoutNd)  # noqa: SLF001 - all of torch's dropouts
"""Modules that hand their input on, in evaluation."""

MODULES: tuple[type[nn.Module], ...] = (
    conv._ConvNd,  # noqa: SLF001 - all of torch's convolutions
    batchnorm._BatchNorm,  # noqa: SLF001 - all of torch's batch normalisations
    pooling._MaxPoolNd,  # noqa: SLF001 - all of torch's maximum pools
    pooling._AvgPoolNd,  # noqa: SLF001 - all of torch's mean pools
    pooling._AdaptiveMaxPoolNd,  # noqa: SLF001 - and those of a given size
    pooling._AdaptiveAvgPoolNd,  # noqa: SLF001 - and those of a given size
    nn.Linear,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.Upsample,
    nn.ZeroPad2d,
    activation.ReLU,
    activation.ReLU6,
    activation.LeakyReLU,
    activation.Sigmoid,
    activation.Hardsigmoid,
    activation.Softplus,
    activation.Tanh,
    activation.GELU,
    activation.SiLU,
    activation.Hardswish,
)
"""Modules that may be called, and their subclasses; ``nn.Flatten`` is one if it leaves the batch alone."""

ELEMENTWISE: dict[Any, Callable[..., Any]] = {
    operator.add: torch.add,
    operator.iadd: torch.add,
    torch.add: torch.add,
    operator.sub: torch.sub,
    operator.isub: torch.sub,
    torch.sub: torch.sub,
    operator.mul: torch.mul,
    operator.imul: torch.mul,
    torch.mul: torch.mul,
    operator.truediv: operator.truediv,
    operator.neg: operator.neg,
    torch.relu: torch.relu,
    F.relu: lambda x, inplace=False: torch.relu(x),  # noqa: ARG005 - never in place
    torch.sigmoid: torch.sigmoid,
    torch.tanh: torch.tanh,
    torch.clamp: torch.clamp,
    "add": torch.add,
    "add_": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "mul_": torch.mul,
    "relu": torch.relu,
    "relu_": torch.relu,
    "clamp": torch.clamp,
    "sigmoid": torch.sigmoid,
    "contiguous": lambda x: x,
    "clone": lambda x: x,
    "detach": lambda x: x,
    "float": lambda x: x,
}
"""Functions, and methods by name, that act on every number alone, as they are computed here: never in place."""

ADDITIONS = (operator.add, operator.iadd, torch.add, "add", "add_")
IN_PLACE = (operator.iadd, operator.isub, operator.imul, "add_", "mul_", "relu_")

MAPS = (
    F.max_pool2d,
    F.avg_pool2d,
    F.adaptive_avg_pool2d,
    F.adaptive_max_pool2d,
    F.interpolate,
    F.pad,
    F.conv2d,
    F.linear,
)
"""Functions over the maps of each image."""


def size_of(tensor: Tensor, axis: int) -> int:
    """Size of a tensor along an axis that is not the batch."""
    return tensor.shape[axis]


def module_problem(module: nn.Module) -> str | None:
    """Say what keeps a module from being called with all time steps at once; None if nothing does."""
    name = type(module).__name__
    if module.training:
        return f"{name} is in training mode: call eval()"
    if module._forward_hooks or module._forward_pre_hooks:  # noqa: SLF001
        return f"{name} has hooks"
    if isinstance(module, batchnorm._BatchNorm) and module.running_mean is None:  # noqa: SLF001
        return f"{name} has no running statistics: a response would depend on the other images"
    if isinstance(module, nn.Flatten):
        return None if module.start_dim >= 1 else f"{name} flattens the batch too"
    return None if isinstance(module, MODULES) else f"{name} is no module that is known here"


def call_problem(target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """Say what keeps a function or method from being called with all time steps at once; None if nothing does."""
    name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    if _holds_batch((*args[1:], *kwargs.values())) and name not in ("view", "reshape"):
        return f"{name} takes the size of the batch"
    if target in ELEMENTWISE or target in MAPS or target is size_of:
        return None
    rest = (*args[1:], *kwargs.values())
    match name:
        case "view" | "reshape":
            sizes = rest[0] if rest and isinstance(rest[0], tuple | list) else rest
            good = bool(sizes) and (sizes[0] is BATCH or sizes[0] == -1)
        case "flatten" | "cat" | "concat" | "mean" | "squeeze" | "unsqueeze" | "sum":
            good = bool(rest) and _inner(_axes(rest[0]))
        case "dropout":
            good = kwargs.get("training", True) is False
        case "floordiv":
            good = not any(references(args))
        case _:
            good = False
    return None if good else f"{name} is not known here, or mixes images"


def computed(target: Any) -> Callable[..., Any]:
    """Return the function that computes one: out of place, and by name if it is a method."""
    if target in ELEMENTWISE:
        return ELEMENTWISE[target]
    if isinstance(target, str):
        return _method(target)
    if target is F.dropout:
        return lambda x, *_, **__: x
    function: Callable[..., Any] = target
    return function


def _method(name: str) -> Callable[..., Any]:
    def call(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
        method = "reshape" if name == "view" else name
        return getattr(tensor, method)(*args, **kwargs)

    return call


def _axes(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _inner(axes: tuple[Any, ...]) -> bool:
    """Return True for axes that are certainly not the batch: 1 or more, the last one, or the last two of a map."""
    if sorted(map(str, axes)) == ["-1", "-2"]:
        return True
    return all(isinstance(axis, int) and (axis >= 1 or axis == -1) for axis in axes)


def _holds_batch(value: Any) -> bool:
    if isinstance(value, BatchSize):
        return True
    if isinstance(value, Mapping):
        return _holds_batch(tuple(value.values()))
    return isinstance(value, tuple | list) and any(map(_holds_batch, value))


def is_addition(target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Return True for the sum of two outputs."""
    pair = len(args) == 2 and all(isinstance(value, Output) for value in args)
    return target in ADDITIONS and pair and not kwargs
