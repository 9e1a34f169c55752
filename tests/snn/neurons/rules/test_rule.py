"""Rules, their neurons as modules, and what stands before them in the compiled scan."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.neurons.rules.rule import VALUES, Rule
from spikeatlas.snn.neurons.rules.rule_neuron import RuleNeuron
from spikeatlas.snn.neurons.rules.rule_run import (
    Drive,
    rounds_once,
    rule_codes,
    rule_values,
    run_rule,
    scan_rows,
)

STEPS = 12
EULER = Rule("euler", ">", "value", a=torch.tensor(0.3), b=torch.tensor(2.5), c=torch.tensor(0.1))


def draws(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("charge", ["euler", "gain"])
def test_rules_of_files_equal_their_reference(charge: Any) -> None:
    rule = dataclasses.replace(EULER, charge=charge, c=draws(7, 1, 1))
    currents = draws(STEPS, 3, 7, 11, 13)
    assert torch.equal(run_rule(rule, currents, STEPS), rule.run(currents, STEPS))


def test_a_module_of_a_rule_steps_it_and_follows_its_buffers() -> None:
    neuron = RuleNeuron(EULER)
    currents = draws(STEPS, 4, 50)
    assert set(neuron.state_dict()) == set(VALUES)
    assert torch.equal(neuron.run(currents, STEPS), neuron.unroll(currents, STEPS)[0])
    neuron.load_state_dict({name: torch.tensor(0.5) for name in VALUES})
    assert float(neuron.rule.theta) == 0.5
    assert torch.equal(neuron.run(currents, STEPS), neuron.unroll(currents, STEPS)[0])
    fresh = Rule("sum", ">", "none")
    assert [float(getattr(fresh, name)) for name in VALUES] == [1, 1, 0, 1, 0, 0]


def test_values_and_delays_are_checked() -> None:
    with pytest.raises(ValueError, match=r"theta of a rule is torch\.float64"):
        Rule("sum", ">", "none", theta=torch.tensor(1.0, dtype=torch.float64))
    with pytest.raises(ValueError, match="goes with the charge 'decay' alone"):
        Rule("sum", ">", "none", "next")


@pytest.mark.parametrize("constant", [True, False])
def test_norms_and_a_second_input_go_into_the_scan(constant: bool) -> None:
    """Sums of two inputs, each scaled and shifted in one rounding, as torch's fused operations have them."""
    assert rounds_once()
    currents, other = draws(STEPS, 2, 700, seed=1), draws(1 if constant else STEPS, 2, 700, seed=2)
    scale, shift, scale_2, shift_2 = draws(4, 700, seed=3)
    expected = exact(currents, scale, shift) + exact(other, scale_2, shift_2)
    spikes, counts = scan_rows(
        Drive(currents.numpy(), torch.stack([scale, shift]).numpy()),
        Drive(other.numpy(), torch.stack([scale_2, shift_2]).numpy()),
        rule_codes(EULER),
        rule_values(EULER, (700,)).numpy(),
        STEPS,
    )
    reference = EULER.run(expected, STEPS)
    assert spikes is not None
    assert counts is not None
    assert np.array_equal(spikes, reference.numpy())
    assert np.array_equal(counts, reference.sum(0).numpy())


def exact(values: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    return (values.double() * scale.double() + shift.double()).float()


def number(value: float) -> torch.Tensor:
    return torch.tensor(value)


# from other sources than the scan: Meng et al. 2022 (DSR), Chen et al. 2024 (current-based neurons)
DSR_IF = Rule("sum", ">=", "subtract", theta=number(3.0), drop=number(6.0))
DSR_LIF = Rule(
    "blend", ">=", "subtract", a=number(0.9), b=number(0.1), theta=number(0.1), drop=number(0.3)
)
CLIF = Rule("decay", ">", "value", a=number(0.75), theta=number(0.5), synapse=number(0.5))


def dsr_if(current: torch.Tensor, state: list[torch.Tensor]) -> torch.Tensor:
    u = state[0] + current
    spikes = u >= 3
    state[0] = u - 6 * spikes.float()
    return spikes.float()


def dsr_lif(current: torch.Tensor, state: list[torch.Tensor]) -> torch.Tensor:
    u = number(0.9) * state[0] + number(0.1) * current
    spikes = (u >= number(0.1)).float()
    state[0] = u - number(0.3) * spikes
    return spikes


def clif(current: torch.Tensor, state: list[torch.Tensor]) -> torch.Tensor:
    before = state[2]
    state[1] = 0.5 * state[1] + current
    state[0] = 0.75 * state[0] * (1 - before) + state[1]
    state[2] = (state[0] > 0.5).float()
    return state[2]


@pytest.mark.parametrize("constant", [True, False], ids=["constant", "random"])
@pytest.mark.parametrize(
    ("rule", "equations", "size"),
    [(DSR_IF, dsr_if, 2.0), (DSR_LIF, dsr_lif, 2.0), (CLIF, clif, 0.3)],
    ids=["dsr-if", "dsr-lif", "clif"],
)
def test_rules_with_a_drop_or_a_synapse(
    rule: Rule, equations: Any, size: float, constant: bool
) -> None:
    currents = size * draws(1 if constant else STEPS, 3, 1500)
    state = [torch.zeros(3, 1500) for _ in range(3)]
    expected = torch.stack(
        [equations(currents[0 if constant else step], state) for step in range(STEPS)]
    )
    assert torch.equal(rule.run(currents, STEPS), expected)
    assert torch.equal(run_rule(rule, currents, STEPS), expected)
    neuron = RuleNeuron(rule)
    assert torch.equal(neuron.run(currents, STEPS), expected)
    assert torch.equal(neuron.unroll(currents, STEPS)[0], expected)
    assert 0.02 < float(expected.mean()) < 0.9
