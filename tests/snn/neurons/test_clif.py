"""Current-based neurons: the equations by hand, and one pass that equals the steps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from spikeatlas.snn.neurons import NEURONS, SURROGATES, ClifNeuron, NeuronSite, RuleNeuron


def ran(run: Any, currents: Tensor) -> tuple[Tensor, Tensor]:
    """Spikes, and the gradient of currents under random weights of the spikes."""
    currents = currents.clone().requires_grad_()
    spikes = run(currents)
    weights = torch.randn(spikes.shape, generator=torch.Generator().manual_seed(7))
    (spikes * weights).sum().backward()
    assert currents.grad is not None
    return spikes.detach(), currents.grad


def test_five_steps_by_hand() -> None:
    neuron = ClifNeuron(current_decay=0.5, membrane_decay=0.75, threshold=0.5)
    currents = torch.tensor([0.25, 0.25, 0.0, 0.5, -1.0]).view(5, 1, 1)
    # c: .25, .375, .1875, .59375, -.703125
    # v: .25, .5625 (spike, 0), .1875, .734375 (spike, 0), -.703125
    spikes, state = neuron.unroll(currents, 5)

    assert spikes.flatten().tolist() == [0, 1, 0, 1, 0]
    assert [float(value) for value in state] == [-0.703125, -0.703125]
    assert torch.equal(neuron.run(currents, 5), spikes)


@pytest.mark.parametrize("slope", [*SURROGATES.members, "tests.snn.own_layers:Straight"])
@pytest.mark.parametrize("steps", [1, 9])
@pytest.mark.parametrize("shape", [(3, 700), (2, 5, 4, 4)])
def test_one_pass_equals_the_steps(slope: str, steps: int, shape: tuple[int, ...]) -> None:
    neuron = ClifNeuron(
        current_decay=0.4, membrane_decay=0.7, threshold=0.9, surrogate=SURROGATES.read(slope)
    )
    currents = torch.randn((steps, *shape), generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2

    spikes, slopes = ran(lambda values: neuron.run(values, 9), currents)
    stepped, expected = ran(lambda values: neuron.unroll(values, 9)[0], currents)

    assert torch.equal(spikes, stepped)
    assert 0.05 < spikes.mean() < 0.95
    scale = float(expected.abs().max())
    torch.testing.assert_close(slopes, expected, rtol=1e-5, atol=1e-5 * scale)


def test_channels_may_stand_last_in_memory() -> None:
    currents = torch.rand((6, 2, 4, 4, 3), generator=torch.Generator().manual_seed(1))
    maps = currents.permute(0, 1, 4, 2, 3)

    assert torch.equal(ClifNeuron().run(maps, 6), ClifNeuron().run(maps.contiguous(), 6))


@pytest.mark.parametrize("current_decay", [0.5, 0.0])
def test_its_rule_is_the_same_neuron(current_decay: float) -> None:
    neuron = ClifNeuron(current_decay=current_decay, membrane_decay=0.7, threshold=0.9)
    currents = torch.randn((25, 2, 3_000), generator=torch.Generator().manual_seed(0)) + 0.3
    rule = neuron.rule
    assert rule is not None
    assert (rule.synapse is None) == (current_decay == 0)

    assert torch.equal(rule.run(currents, 25), neuron.run(currents, 25))
    assert torch.equal(RuleNeuron(rule).run(currents, 25), neuron.run(currents, 25))


def test_the_study_says_its_decays_and_the_network_its_threshold() -> None:
    spec = NEURONS.read({"kind": "clif", "current_decay": 0.25, "membrane_decay": 0.0})
    neuron = spec.build(NeuronSite("a", (4,), 5, beta=0.9, threshold=1.5))

    values = {name: float(value) for name, value in neuron.named_buffers()}
    assert values == {"current_decay": 0.25, "membrane_decay": 0.0, "threshold": 1.5}
    with pytest.raises(ValueError, match="membrane_decay"):
        NEURONS.read({"kind": "clif", "membrane_decay": 1.5})
