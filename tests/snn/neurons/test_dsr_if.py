"""Spikes of an integrate-and-fire neuron represent a clipped number, to half a spike."""

from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.neurons import DsrIfNeuron, DsrIfSpec, FastSigmoid, NeuronSite

CURRENTS = torch.linspace(-0.5, 1.5, 20001)


@pytest.mark.parametrize("alpha", [0.5, 1.0])
@pytest.mark.parametrize(("steps", "half"), [(5, 0.0999), (20, 0.02498), (100, 0.00499)])
@torch.no_grad()
def test_the_error_is_a_share_of_one_spike(steps: int, half: float, alpha: float) -> None:
    neuron = DsrIfNeuron(threshold=1.0, alpha=alpha, surrogate=FastSigmoid())
    outputs = neuron.represented(neuron.run(CURRENTS[None, None], steps), steps)

    error = float((outputs[0] - CURRENTS.clamp(0, 1)).abs().max())

    assert error <= alpha / steps + 1e-6
    assert error == pytest.approx(2 * alpha * half, rel=0.01)


def test_a_threshold_for_all_neurons_is_refused() -> None:
    site = NeuronSite("a", (3,), 5, beta=0.9, threshold=2.0)
    with pytest.raises(ValueError, match=r"leave network\.threshold out and write .*threshold: 2"):
        DsrIfSpec().build(site)
