"""Rules against the libraries whose neurons they are: no spike differs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import snntorch
import torch
from torch import Tensor, nn

from spikeatlas.snn.neurons import LeakyNeuron, RuleNeuron
from spikeatlas.snn.neurons.rules.library_rules import is_neuron, read_rule
from spikeatlas.snn.neurons.rules.rule import Rule
from spikeatlas.snn.neurons.rules.rule_run import run_rule

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from norse.torch import LIFBoxCell, LIFBoxParameters, LIFCell
    from norse.torch.functional.reset import reset_subtract
    from spikingjelly.activation_based import neuron as sj

TIME_STEPS = 50
NEURONS = 200_000


def leaky(**options: Any) -> nn.Module:
    return snntorch.Leaky(beta=0.9, threshold=1.0, **options)


def box(method: Any = None, **values: float) -> nn.Module:
    parameters = {name: torch.tensor(value) for name, value in values.items()}
    if method is not None:
        parameters["reset_method"] = method
    return LIFBoxCell(LIFBoxParameters(**parameters), dt=0.01)


LIBRARY: dict[str, Callable[[], nn.Module]] = {
    "Leaky subtract": leaky,
    "Leaky zero": lambda: leaky(reset_mechanism="zero"),
    "Leaky none": lambda: leaky(reset_mechanism="none"),
    "Leaky subtract at once": lambda: leaky(reset_delay=False),
    "Leaky zero at once": lambda: leaky(reset_mechanism="zero", reset_delay=False),
    "Leaky of a beta above 1": lambda: snntorch.Leaky(beta=1.5, threshold=0.3),
    "our Leaky": lambda: LeakyNeuron(0.7, 0.9, "zero"),
    "LIF": sj.LIFNode,
    "LIF soft": lambda: sj.LIFNode(tau=2.3, v_reset=None),
    "LIF to -0.2": lambda: sj.LIFNode(tau=2.3, v_reset=-0.2),
    "LIF, input not decayed": lambda: sj.LIFNode(tau=3.1, decay_input=False, v_threshold=0.7),
    "LIF, input not decayed, soft": lambda: sj.LIFNode(tau=3.1, decay_input=False, v_reset=None),
    "IF": sj.IFNode,
    "IF soft": lambda: sj.IFNode(v_reset=None),
    "PLIF": lambda: sj.ParametricLIFNode(init_tau=2.7),
    "PLIF, input not decayed": lambda: sj.ParametricLIFNode(init_tau=2.7, decay_input=False),
    "norse": lambda: box(tau_mem_inv=33.0),
    "norse, leak and reset": lambda: box(tau_mem_inv=33.0, v_leak=0.2, v_reset=-0.1),
    "norse, subtract": lambda: box(reset_subtract, tau_mem_inv=33.0, v_leak=0.2, v_th=0.7),
}


def library_steps(neuron: nn.Module, currents: Tensor) -> Tensor:
    """Spikes (T, n, ...) as the library's own loop has them."""
    spikes, state = [], ()
    for step in range(TIME_STEPS):
        answer = neuron(currents[step if len(currents) > 1 else 0], *state)
        if isinstance(answer, tuple):
            answer, *rest = answer
            state = tuple(rest)
        spikes.append(answer)
    return torch.stack(spikes)


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("constant", [True, False], ids=["constant", "random"])
@torch.no_grad()
def test_no_spike_of_a_library_differs(name: str, constant: bool) -> None:
    generator = torch.Generator().manual_seed(7)
    steps, neurons = (1, NEURONS) if constant else (TIME_STEPS, NEURONS // 10)
    currents = 1.5 * torch.randn(steps, 2, neurons // 2, generator=generator)
    rule = read_rule(LIBRARY[name]())
    assert isinstance(rule, Rule)
    expected = library_steps(LIBRARY[name](), currents)
    assert int((run_rule(rule, currents, TIME_STEPS) != expected).sum()) == 0
    assert 0.01 < float(expected.mean()) < 0.9
    fewer = currents[..., :500]
    assert torch.equal(rule.run(fewer, TIME_STEPS), expected[..., :500])


def with_membrane() -> nn.Module:
    neuron = leaky(init_hidden=True)
    neuron(torch.ones(2, 3))
    return neuron


def other_reset() -> nn.Module:
    neuron, source = leaky(), leaky(reset_mechanism="zero")
    neuron.load_state_dict(source.state_dict())
    return neuron


def hooked() -> nn.Module:
    neuron = leaky()
    neuron.register_forward_hook(lambda *_: None)
    return neuron


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: snntorch.Synaptic(alpha=0.9, beta=0.8), "is a Synaptic"),
        (lambda: leaky(graded_spikes_factor=2.0), "graded spikes"),
        (lambda: leaky(state_quant=lambda mem: mem), "quantised"),
        (lambda: leaky(spike_grad=torch.sigmoid), "surrogate that is no step"),
        (with_membrane, "membrane that is not 0"),
        (other_reset, "another reset"),
        (hooked, "has hooks"),
        (lambda: box(torch.add), "resets by add"),
        (LIFCell, "is a LIFCell"),
    ],
)
def test_neurons_without_a_rule_say_why(make: Callable[[], nn.Module], words: str) -> None:
    answer = read_rule(make())
    assert isinstance(answer, str)
    assert words in answer


def test_a_node_that_was_stepped_has_no_rule() -> None:
    node = sj.LIFNode()
    node(torch.ones(2, 3))
    assert "does not start" in str(read_rule(node))


class Keeping(RuleNeuron):
    """A neuron of ours that keeps its state."""

    state: Tensor | None = None


def test_a_neuron_of_ours_says_its_rule() -> None:
    neuron = Keeping(Rule("sum", ">", "value"))
    assert getattr(read_rule(neuron), "charge", "") == "sum"
    neuron.state = torch.ones(3)
    assert "does not start from rest" in str(read_rule(neuron))


def test_neurons_are_known_by_their_library() -> None:
    neurons = [leaky(), sj.IFNode(), box(), LIFCell(), snntorch.Synaptic(alpha=0.9, beta=0.8)]
    assert all(map(is_neuron, neurons))
    assert not is_neuron(nn.ReLU())
