from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.networks.feedback.settling_neuron import SettlingNeuron


@pytest.mark.parametrize("steps", [5, 30, 100])
def test_a_constant_current_becomes_its_rate(steps: int) -> None:
    currents = torch.linspace(-1.5, 3.5, 1001, dtype=torch.float64)[None]

    rates = SettlingNeuron().run(currents[None], steps).mean(0)

    error = (rates - (currents / 2).clamp(0, 1)).abs().max()
    assert error <= 0.5 / steps + 1e-9
    assert error > 0.4 / steps
    assert SettlingNeuron().unit(steps, ()).quantum == 1 / steps


def test_a_spike_takes_two_off_the_membrane() -> None:
    neuron = SettlingNeuron()

    spikes, membrane = neuron.step(torch.tensor([0.9, 1.0, 3.5]), None)
    again, rest = neuron.step(torch.tensor([0.1, 1.9, 0.0]), membrane)

    assert spikes.tolist() == [0, 1, 1]
    assert membrane.tolist() == pytest.approx([0.9, -1.0, 1.5])
    assert again.tolist() == [1, 0, 1]
    assert rest.tolist() == pytest.approx([-1.0, 0.9, -0.5])
