"""A user's module, made by the user's own factory on the CPU."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import snntorch
import torch
from torch import nn

from spikeatlas.snn.allowed_code import NotAllowedError
from spikeatlas.snn.modules.seeds import seeded
from spikeatlas.snn.own_code import load_object
from spikeatlas.snn.sentences import in_field, kind_of, near, reason_of

_COMPILED = "_orig_mod"
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_GPU = re.compile(r"cuda|nvidia|cupy|gpu|\bhip\b|\bmps\b|\bxpu\b", re.IGNORECASE)


def make_module(factory: str, options: Mapping[str, Any]) -> nn.Module:
    """Call ``factory`` ("module:function") with ``options`` and return its module, in evaluation mode, without gradients.

    The global random generators are seeded, so that a factory draws the same weights in every process. Compiled
    modules are unwrapped: hooks may not fire in them. ValueError, one sentence, where the factory fails, returns
    something else, or where a part is a ScriptModule, in which no hook fires, or is not on the CPU.
    """
    function = load_factory(factory)
    problem = options_problem(factory, function, options)
    if problem is not None:
        raise ValueError(problem)
    try:
        # weights that the factory draws are the same in every process
        with seeded(0):
            module = function(**options)
    except (Exception, SystemExit) as error:
        reason = reason_of(error)
        device = "; spikeatlas calls it on the CPU" if _GPU.search(reason) else ""
        raise ValueError(
            f"network.factory: {factory}({_arguments(options)}) fails with {reason}{device}."
        ) from error
    if not isinstance(module, nn.Module):
        raise ValueError(  # noqa: TRY004 - a mistake of the study
            f"network.factory: {factory} returns {kind_of(module)}; it must return a torch.nn.Module."
        )
    module = _unwrapped(module)
    _refuse(factory, module)
    _forget_neurons(module)
    if any(isinstance(part, nn.MultiheadAttention) for part in module.modules()):
        # torch's fused attention rounds otherwise and calls no hook of its parts: which way it took would depend on
        # the layers that are asked for
        torch.backends.mha.set_fastpath_enabled(False)
    return module.eval().requires_grad_(False)


def load_factory(factory: str) -> Callable[..., Any]:
    """Return the function that ``factory`` ("module:function") names. ValueError, one sentence, where there is none."""
    try:
        function = load_object(factory)
    except NotAllowedError:
        raise
    except ValueError as error:
        raise ValueError(in_field("network.factory", f"{str(error).rstrip('.')}.")) from error
    if not callable(function):
        raise ValueError(  # noqa: TRY004 - a mistake of the study
            f"network.factory: {factory} is {kind_of(function)}, no function."
        )
    loaded: Callable[..., Any] = function
    return loaded


def options_problem(
    factory: str, function: Callable[..., Any], options: Mapping[str, Any]
) -> str | None:
    """Say in a sentence which arguments a factory lacks, or does not take; None if it can be called with ``options``."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    fields = signature.parameters.values()
    names = [field.name for field in fields if field.kind in _BY_NAME]
    needs = [
        field.name
        for field in fields
        if field.kind in _BY_NAME and field.default is field.empty and field.name not in options
    ]
    if needs:
        example = ", ".join(f"{name}: ..." for name in needs)
        return f"network.factory: {factory} needs {', '.join(needs)}: write network.options: {{{example}}}."
    others = [name for name in options if name not in names]
    if not others or any(field.kind is field.VAR_KEYWORD for field in fields):
        return None
    hints = ", ".join(f"{name}{near(name, names)}" for name in others)
    return f"network.options: {factory} does not take {hints}; it takes {', '.join(names) or 'nothing'}."


def _arguments(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def _unwrapped(module: nn.Module) -> nn.Module:
    """Return the module with every compiled part replaced by what was compiled."""
    module = getattr(module, _COMPILED, module)
    for part in list(module.modules()):
        for name, child in list(part.named_children()):
            if hasattr(child, _COMPILED):
                setattr(part, name, getattr(child, _COMPILED))
    return module


def _forget_neurons(module: nn.Module) -> None:
    """Take neurons off snnTorch's list of all there are: they would never be freed, and its reset clears them all."""
    instances = snntorch.SpikingNeuron.instances
    parts = {id(part) for part in module.modules()}
    instances[:] = [neuron for neuron in instances if id(neuron) not in parts]


def _refuse(factory: str, module: nn.Module) -> None:
    """Raise ValueError for parts that hooks cannot see, or that are not on the CPU."""
    for path, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            raise ValueError(  # noqa: TRY004 - a mistake of the study
                f"network.factory: {factory} returns a ScriptModule ({path or 'the whole module'}), in which no "
                "hook fires; return the module before torch.jit.script or torch.jit.trace."
            )
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if tensor.device.type != "cpu":
            raise ValueError(
                f"network.factory: {factory} puts {name} on {tensor.device}; spikeatlas calls it on the CPU: "
                "leave .to(device) to it."
            )
