"""Populations code numbers as the rule says."""

from __future__ import annotations

import math

import pytest
import torch

from spikeatlas.snn.networks import PopulationCoder


def test_a_neuron_spikes_as_by_hand() -> None:
    """Neuron 0 of one observation: centre -3, width sqrt(0.15); x = -2.8 gives A = exp(-0.04 / 0.3) = 0.8752."""
    coder = PopulationCoder(1, 10)
    drive = math.exp(-(0.2**2) / 0.3)
    charge, spikes = 0.0, []
    for _ in range(9):
        charge += drive
        spikes.append(float(charge > 0.999))
        charge -= 0.999 * spikes[-1]
    assert drive == pytest.approx(0.8752, abs=1e-4)
    assert spikes[:3] == [0, 1, 1]
    row = coder(torch.tensor([[-2.8]]), 9)[:, 0, 0]
    assert row.tolist() == spikes


def test_centres_lie_evenly_and_populations_follow_one_another() -> None:
    coder = PopulationCoder(2, 4)
    assert coder.centres.tolist() == [[-3, -1, 1, 3]] * 2
    activities = coder.activities(torch.tensor([[1.0, -3.0]]))
    assert activities.shape == (1, 8)
    assert activities.argmax() in (2, 4)
    assert activities[0, 2] == activities[0, 4] == 1


def test_a_spike_hands_its_gradient_on_as_it_is() -> None:
    """v_t = v_{t-1} + A - 0.999 s_{t-1} and ds = dv: ds_t/dA = 1 + 0.001 ds_{t-1}/dA, so close to 1 at every step."""
    coder = PopulationCoder(1, 3)
    values = torch.tensor([[0.3]], requires_grad=True)
    (slope,) = torch.autograd.grad(coder.activities(values).sum(), values)
    (gradient,) = torch.autograd.grad(coder(values, 4).sum(), values)
    rates = [1.0]
    for _ in range(3):
        rates.append(1 + 0.001 * rates[-1])
    assert float(gradient) == pytest.approx(float(slope) * sum(rates), rel=1e-5)
    coder(values, 4).sum().backward()
    assert coder.centres.grad is not None
    assert coder.widths.grad is not None
    assert coder.centres.grad.abs().sum() > 0
    assert coder.widths.grad.abs().sum() > 0
