"""Weighted spikes of a leaky neuron represent a clipped number, but for a share of order dt."""

from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.neurons import DsrLifNeuron, DsrLifSpec, FastSigmoid, NeuronSite

DT = 0.05


@pytest.mark.parametrize(("steps", "band"), [(20, (0.050, 0.056)), (100, (0.035, 0.041))])
@torch.no_grad()
def test_the_error_does_not_vanish_with_time(steps: int, band: tuple[float, float]) -> None:
    neuron = DsrLifNeuron(tau=1.0, dt=DT, threshold=1.0, alpha=0.3, surrogate=FastSigmoid())
    currents = torch.linspace(-0.5, 1.5, 20001) / DT
    outputs = neuron.represented(neuron.run(currents[None, None], steps), steps)

    error = DT * float((outputs[0] - currents.clamp(0, 1 / DT)).abs().max())

    assert band[0] < error < band[1]


def test_weights_grow_and_sum_to_one() -> None:
    neuron = DsrLifSpec(tau=2.0, dt=0.5).build(NeuronSite("a", (3,), 5, beta=0.9, threshold=1.0))
    weights = neuron.weights(5)

    assert float(weights.sum()) == pytest.approx(1)
    assert (weights[:-1] / weights[1:]).tolist() == pytest.approx([0.7788] * 4, abs=1e-4)
