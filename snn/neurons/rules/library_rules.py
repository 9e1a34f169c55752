"""Rules of the neurons of other libraries, which are looked up among what is imported, never imported here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from spikeatlas.snn.neurons.base import SpikingNeuron
from spikeatlas.snn.neurons.rules.rule import Rule

NEURON_CLASSES = (
    ("snntorch", "SpikingNeuron"),
    ("spikingjelly.activation_based.neuron", "BaseNode"),
    ("spikingjelly.activation_based.neuron", "SimpleBaseNode"),
    ("norse.torch.module.snn", "SNNCell"),
    ("norse.torch.module.snn", "SNN"),
)
"""Classes (module, name) whose instances are neurons."""


def is_neuron(module: nn.Module) -> bool:
    """Return True for spiking neurons: ours, snnTorch's, SpikingJelly's and norse's."""
    return isinstance(module, (SpikingNeuron, *_classes(NEURON_CLASSES)))


def read_rule(module: nn.Module) -> Rule | str:
    """Return the rule of a neuron module, or say why it has none, as the end of a sentence: " is a Synaptic".

    Neurons of ours may have one as their ``rule``. A library's subclass has none, as it may step otherwise, nor has a
    module with hooks.
    """
    if module._forward_hooks or module._forward_pre_hooks:  # noqa: SLF001
        return " has hooks"
    if isinstance(module, SpikingNeuron) and isinstance(getattr(module, "rule", None), Rule):
        return _own(module)
    for place, name, read in READERS:
        cls = getattr(sys.modules.get(place), name, None)
        if cls is not None and type(module) is cls:
            return read(module)
    return f" is a {type(module).__name__}, whose steps have no rule here"


def _classes(rows: tuple[tuple[str, str], ...]) -> Iterator[type]:
    for place, name in rows:
        cls = getattr(sys.modules.get(place), name, None)
        if isinstance(cls, type):
            yield cls


def _number(value: Any) -> Tensor:
    """Value of a library's field as float32."""
    return torch.as_tensor(value).detach().to(torch.float32)


def _own(neuron: Any) -> Rule | str:
    """Neurons of ours that say their rule, and perhaps keep a state between calls."""
    if getattr(neuron, "state", None) is not None:
        return " does not start from rest"
    rule: Rule = neuron.rule
    return rule


def _leaky(neuron: Any) -> Rule | str:
    """Leaky of snnTorch; equations and order from its ``forward``."""
    problem = _leaky_problem(neuron)
    if problem:
        return problem
    changes = {
        "_base_sub": ("subtract", 0),
        "_base_zero": ("value", 1),
        "_base_int": ("none", 2),
    }
    change, code = changes[neuron.state_function.__name__]
    if int(neuron.reset_mechanism_val) != code:
        return " was built with another reset than its file says (reset_mechanism_val)"
    return Rule(
        "decay",
        ">",
        change,  # type: ignore[arg-type]
        "next" if neuron.reset_delay else "undelayed",
        a=_number(neuron.beta).clamp(0, 1),
        theta=_number(neuron.threshold),
    )


def _leaky_problem(neuron: Any) -> str | None:
    if neuron.inhibition or neuron.state_quant:
        return " has inhibition or a quantised state"
    if bool((neuron.graded_spikes_factor != 1).any()):
        return " has graded spikes of another height than 1"
    if neuron.mem.numel() and bool((neuron.mem != 0).any()):
        return " starts from a membrane that is not 0"
    return None if _fires(neuron.spike_grad, at_zero=False) else " has a surrogate that is no step"


def _fires(surrogate: Callable[[Tensor], Tensor], *, at_zero: bool) -> bool:
    """Return True if a surrogate's forward is a step, that is 1 at 0 or not."""
    with torch.no_grad():
        spikes = surrogate(torch.tensor([-2.0, -1e-30, 0.0, 1e-30, 2.0]))
    return spikes.tolist() == [0.0, 0.0, float(at_zero), 1.0, 1.0]


def _node_problem(node: Any) -> str | None:
    if getattr(node, "_neuron_precision", None) is not None:
        return " has a precision of its own"
    if not _fires(node.surrogate_function, at_zero=True):
        return " has a surrogate that is no step"
    start = 0.0 if node.v_reset is None else node.v_reset
    v = node.v
    rest = bool((v == start).all()) if isinstance(v, Tensor) else v == start
    return None if rest else " does not start from its reset voltage"


def _node(node: Any, charge: Any, b: Tensor) -> Rule | str:
    """SpikingJelly's nodes fire at their threshold, and start from the voltage that they reset to."""
    reset = 0.0 if node.v_reset is None else node.v_reset
    return _node_problem(node) or Rule(
        charge,
        ">=",
        "subtract" if node.v_reset is None else "value",
        b=b,
        c=_number(reset),
        theta=_number(node.v_threshold),
        v_reset=_number(reset),
        start=_number(reset),
    )


def _lif_node(node: Any) -> Rule | str:
    charge = "divide" if node.decay_input else "divide_leak"
    return _node(node, charge, _number(node.tau))


def _plif_node(node: Any) -> Rule | str:
    charge = "multiply" if node.decay_input else "multiply_leak"
    return _node(node, charge, _number(node.w).sigmoid())


def _if_node(node: Any) -> Rule | str:
    return _node(node, "sum", torch.tensor(1.0))


def _lif_box(cell: Any) -> Rule | str:
    """LIFBoxCell of norse: it starts from its leak voltage."""
    p = cell.p
    reset = getattr(p.reset_method, "__name__", "")
    changes = {"reset_value": "value", "reset_subtract": "subtract"}
    if reset not in changes:
        return f" resets by {reset or p.reset_method}"
    return Rule(
        "norse",
        ">",
        changes[reset],  # type: ignore[arg-type]
        a=_number(cell.dt * p.tau_mem_inv),
        c=_number(p.v_leak),
        theta=_number(p.v_th),
        v_reset=_number(p.v_reset),
        start=_number(p.v_leak),
    )


READERS: tuple[tuple[str, str, Callable[[Any], Rule | str]], ...] = (
    ("snntorch", "Leaky", _leaky),
    ("spikeatlas.snn.neurons.leaky", "LeakyNeuron", _leaky),
    ("spikingjelly.activation_based.neuron", "LIFNode", _lif_node),
    ("spikingjelly.activation_based.neuron", "ParametricLIFNode", _plif_node),
    ("spikingjelly.activation_based.neuron", "IFNode", _if_node),
    ("norse.torch.module.lif_box", "LIFBoxCell", _lif_box),
)
"""A neuron that can be run fast: its module, its class, and the function that reads its rule off an instance."""
