"""The graph of a user's module, by torch.fx: torch's layers and spiking neurons are its leaves."""

from __future__ import annotations

import contextlib
import copy
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import fx, nn

from spikeatlas.snn.graph.operations import IDENTITIES, MODULES
from spikeatlas.snn.graph.step_graph import NoGraphError
from spikeatlas.snn.neurons import is_neuron

_TRACING = threading.Lock()
"""Two traces at a time would each put back what the other has replaced."""


class _Tracer(fx.Tracer):
    """Leaves by what they are, not by where their class is written: libraries have layers of their own."""

    def __init__(self) -> None:
        super().__init__(autowrap_functions=(torch.zeros,))
        # membranes begin as torch.zeros(x.shape[0], ...), which asks for numbers where the trace has symbols
        self._autowrap_search.append(torch)
        self._thread = threading.get_ident()

    # While it traces, torch.fx has every module's call and every module's attributes come through here, of all
    # threads: those of others are let through as they are.

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Put the call of a module into the graph."""
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """Put the use of a parameter into the graph."""
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Return True for neurons and for layers of torch and their subclasses."""
        leaf = is_neuron(m) or isinstance(m, (*MODULES, *IDENTITIES, nn.Flatten))
        return leaf or bool(super().is_leaf_module(m, module_qualified_name))


def private_copy(module: nn.Module) -> nn.Module:
    """Return a copy with the same parameters, the state of its own. NoGraphError where it cannot be copied."""
    try:
        return copy.deepcopy(module, {id(values): values for values in module.parameters()})
    except (RuntimeError, TypeError, ValueError) as error:
        raise NoGraphError(f"it cannot be copied ({_line(error)})") from error


def single_steps(module: nn.Module) -> bool:
    """Set the step mode 's' wherever SpikingJelly has another; return True if any module had."""
    sequences = [part for part in _step_modules(module) if part.step_mode != "s"]
    for part in sequences:
        if "s" not in part.supported_step_mode():
            raise NoGraphError(f"{type(part).__name__} has no single steps")
        part.step_mode = "s"
    return bool(sequences)


def _step_modules(module: nn.Module) -> Iterator[Any]:
    cls = getattr(sys.modules.get("spikingjelly.activation_based.base"), "StepModule", None)
    return (part for part in module.modules() if cls is not None and isinstance(part, cls))


def traced(module: nn.Module) -> fx.Graph:
    """Trace a module's forward, which runs once with symbols. NoGraphError, with its own words, where that fails."""
    tracer = _Tracer()
    try:
        with torch.no_grad(), _TRACING, _alone(module):
            graph: fx.Graph = tracer.trace(module)
    except (Exception, SystemExit) as error:
        # the user's forward ran with symbols, and may raise anything
        raise NoGraphError(f"torch.fx cannot trace its forward ({_line(error)})") from error
    return graph


@contextlib.contextmanager
def _alone(module: nn.Module) -> Iterator[None]:
    """Let snnTorch's reset, which a forward may call, reach a module's own neurons and no others.

    It resets all neurons that were ever built, and knows no copies.
    """
    cls: Any = getattr(sys.modules.get("snntorch"), "SpikingNeuron", None)
    if cls is None:
        yield
        return
    instances = cls.instances
    cls.instances = [part for part in module.modules() if isinstance(part, cls)]
    try:
        yield
    finally:
        cls.instances = instances


def _line(error: BaseException) -> str:
    """First line of an error, with its type."""
    text = str(error).strip().split("\n", maxsplit=1)[0]
    return f"{type(error).__name__}: {text}"[:200]
