"""A user's module, made by the user's own factory on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import snntorch
import torch
from torch import nn

from spikeatlas.snn.modules.seeds import seeded
from spikeatlas.snn.own_code import load_object
from spikeatlas.snn.sentences import kind_of, reason_of

_COMPILED = "_orig_mod"


def make_module(factory: str, options: Mapping[str, Any]) -> nn.Module:
    """Call ``factory`` ("module:function") with ``options`` and return its module, in evaluation mode, without gradients.

    The global random generators are seeded, so that a factory draws the same weights in every process. Compiled
    modules are unwrapped: hooks may not fire in them. ValueError, one sentence, where the factory fails, returns
    something else, or where a part is a ScriptModule, in which no hook fires, or is not on the CPU.
    """
    function = load_object(factory)
    if not callable(function):
        raise ValueError(  # noqa: TRY004 - a mistake of the study
            f"network.factory: {factory} is {kind_of(function)}, no function."
        )
    try:
        # weights that the factory draws are the same in every process
        with seeded(0):
            module = function(**options)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"network.factory: {factory}({_arguments(options)}) fails with {reason_of(error)}; "
            "spikeatlas calls it on the CPU."
        ) from error
    if not isinstance(module, nn.Module):
        raise ValueError(  # noqa: TRY004 - a mistake of the study
            f"network.factory: {factory} returns {kind_of(module)}; it must return a torch.nn.Module."
        )
    module = _unwrapped(module)
    _refuse(factory, module)
    _forget_neurons(module)
    return module.eval().requires_grad_(False)


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
