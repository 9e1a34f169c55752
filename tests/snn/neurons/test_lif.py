"""LIF neurons are SpikingJelly's, spike for spike; one pass equals their steps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from spikingjelly.activation_based import neuron, surrogate
from torch import Tensor

from spikeatlas.snn.neurons import (
    NEURONS,
    SURROGATES,
    ATan,
    LifNeuron,
    LifSpec,
    NeuronSite,
    RuleNeuron,
)

RULES: list[dict[str, Any]] = [
    {"decay_input": decay_input, "hard": hard}
    for decay_input in (True, False)
    for hard in (True, False)
]


def theirs(*, tau: float, v_reset: float | None, decay_input: bool) -> Any:
    """SpikingJelly's neurons, over a whole sequence, the reset detached, the gradient its ATan's."""
    return neuron.LIFNode(
        tau,
        decay_input,
        v_reset=v_reset,
        surrogate_function=surrogate.ATan(),
        detach_reset=True,
        step_mode="m",
    )


def drawn(*shape: int, mean: float = 0.6, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) + mean


def ran(run: Any, currents: Tensor) -> tuple[Tensor, Tensor]:
    """Spikes, and the gradient of currents under random weights of the spikes."""
    currents = currents.clone().requires_grad_()
    spikes = run(currents)
    (spikes * drawn(*spikes.shape, mean=0, seed=7)).sum().backward()
    assert currents.grad is not None
    return spikes.detach(), currents.grad


@pytest.mark.parametrize("tau", [2.0, 1.3])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_no_spike_differs_from_spikingjellys(rule: dict[str, Any], tau: float) -> None:
    v_reset = -0.2 if rule["hard"] else 0.0
    ours = LifNeuron(tau=tau, v_reset=v_reset, **rule)
    jelly = theirs(
        tau=tau, v_reset=v_reset if rule["hard"] else None, decay_input=rule["decay_input"]
    )
    constant = torch.linspace(-1, 4, 20_000).expand(50, 1, -1)
    for currents in (drawn(50, 1, 20_000), constant):
        jelly.reset()
        with torch.no_grad():
            wanted = jelly(currents)

            assert torch.equal(ours.run(currents, 50), wanted)
            assert torch.equal(ours.unroll(currents, 50)[0], wanted)
        assert 0.05 < wanted.mean() < 0.95


def test_a_membrane_at_its_threshold_spikes() -> None:
    currents = torch.full((1, 1, 3), 2.0)

    assert LifNeuron().run(currents, 4).all()
    assert LifNeuron().unroll(currents, 4)[0].all()
    assert not LifNeuron(threshold=1.0000002).run(currents, 1).any()


@pytest.mark.parametrize("slope", ["fast-sigmoid", "atan", {"kind": "atan", "alpha": 3.0}], ids=str)
@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("shape", [(3, 700), (2, 5, 4, 4)])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_one_pass_equals_the_steps(
    rule: dict[str, Any], shape: tuple[int, ...], *, static: bool, slope: Any
) -> None:
    lif = LifNeuron(
        tau=1.7, v_reset=0.1 if rule["hard"] else 0.0, surrogate=SURROGATES.read(slope), **rule
    )
    currents = drawn(1 if static else 9, *shape)

    spikes, slopes = ran(lambda values: lif.run(values, 9), currents)
    stepped, wanted = ran(lambda values: lif.unroll(values, 9)[0], currents)

    assert torch.equal(spikes, stepped)
    torch.testing.assert_close(slopes, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_gradients_are_spikingjellys(rule: dict[str, Any]) -> None:
    currents = drawn(12, 3, 200)
    jelly = theirs(tau=2.0, v_reset=0.0 if rule["hard"] else None, decay_input=rule["decay_input"])

    spikes, slopes = ran(
        lambda values: LifNeuron(surrogate=ATan(), **rule).run(values, 12), currents
    )
    wanted_spikes, wanted = ran(jelly, currents)

    assert torch.equal(spikes, wanted_spikes)
    torch.testing.assert_close(slopes, wanted, rtol=1e-4, atol=1e-6)


def test_another_surrogate_is_stepped() -> None:
    straight = SURROGATES.read("tests.snn.own_layers:Straight")
    currents = drawn(6, 2, 40)

    spikes, slopes = ran(lambda values: LifNeuron(surrogate=straight).run(values, 6), currents)
    stepped, wanted = ran(
        lambda values: LifNeuron(surrogate=straight).unroll(values, 6)[0], currents
    )

    assert torch.equal(spikes, stepped)
    assert torch.equal(slopes, wanted)


def built(reset: Any, **fields: Any) -> LifNeuron:
    return LifSpec(**fields).build(NeuronSite("a", (4,), 5, beta=0.9, threshold=1.5, reset=reset))


def test_a_study_says_its_reset_and_threshold() -> None:
    assert bool(built("zero").hard)
    assert not bool(built("subtract").hard)
    assert float(built("zero", tau=3.0).tau) == 3
    assert float(built("zero").threshold) == 1.5


def test_a_rest_that_does_not_fit_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"v_reset is 0\.2, but with network\.reset 'subtract'"):
        built("subtract", v_reset=0.2)
    with pytest.raises(
        ValueError, match=r"v_reset is 1\.5, where these neurons fire by themselves"
    ):
        built("zero", v_reset=1.5)
    for tau in (1.0, float("inf")):
        with pytest.raises(ValueError, match="tau"):
            NEURONS.read({"kind": "lif", "tau": tau})


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_its_rule_is_the_same_neuron(rule: dict[str, Any]) -> None:
    lif = LifNeuron(tau=1.3, threshold=1.2, v_reset=-0.2 if rule["hard"] else 0.0, **rule)
    currents = drawn(25, 2, 3_000)

    assert torch.equal(lif.rule.run(currents, 25), lif.run(currents, 25))
    assert torch.equal(RuleNeuron(lif.rule).run(currents, 25), lif.run(currents, 25))
