"""A sum of currents, rectified, and the spikes that count it once its layer is converted."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spikeatlas.snn.neurons import AnalogueOutput, TandemNeuron

STEPS = 16
THETA = 0.25


def converted(theta: float = THETA) -> TandemNeuron:
    neuron = TandemNeuron(STEPS)
    with torch.no_grad():
        neuron.threshold.fill_(theta)
        neuron.converted.fill_(1)
    return neuron


def currents(steps: int = STEPS) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randn((steps, 6, 3, 4, 4), generator=random) * 0.3 + 0.1


@pytest.mark.parametrize("course", ["at once", "alike"])
def test_counts_are_the_sum_in_whole_thresholds(course: str) -> None:
    # multiples of 2^-11 from -1.2 to 3.7 of T theta, whole thresholds among them: no sum is rounded
    sums = torch.arange(-10_000, 30_001, 4) / 2048
    if course == "at once":
        inputs = torch.cat([sums[None, None], torch.zeros(STEPS - 1, 1, len(sums))])
    else:
        inputs = (sums / STEPS)[None, None]
    neuron = converted()
    spikes = neuron.relative(neuron.run(inputs, STEPS))

    assert len(sums) > 10_000
    assert set(spikes.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(spikes.sum(0)[0], (sums / THETA).floor().clamp(0, STEPS))


def test_a_run_of_spikes_equals_its_steps() -> None:
    neuron = converted(0.3)
    for inputs in (currents(), currents(1)):
        stepped, _ = neuron.unroll(inputs, STEPS)
        assert torch.equal(neuron.run(inputs, STEPS), stepped)
        assert 0 < float((stepped > 0).double().mean()) < 1
    first, state = neuron.unroll(currents()[:5], 5)
    later, _ = neuron.unroll(currents()[5:], STEPS - 5, state)
    assert torch.equal(torch.cat([first, later]), neuron.run(currents(), STEPS))


def test_spikes_have_the_gradient_of_what_they_count() -> None:
    inputs, plain = currents().requires_grad_(), currents().requires_grad_()
    weights = torch.randn((6, 3, 4, 4), generator=torch.Generator().manual_seed(1))

    (converted(0.3).run(inputs, STEPS).sum(0) * weights).sum().backward()
    (plain.sum(0).relu() * weights).sum().backward()

    assert inputs.grad is not None
    torch.testing.assert_close(inputs.grad, plain.grad)


def test_an_analogue_layer_hands_its_rectified_sum_on_at_the_last_step() -> None:
    outputs = TandemNeuron(STEPS).run(currents(), STEPS)

    assert not outputs[:-1].any()
    torch.testing.assert_close(outputs[-1], currents().sum(0).relu())


def test_both_states_answer_on_one_scale() -> None:
    analogue, spiking = TandemNeuron(STEPS), converted()
    with torch.no_grad():
        analogue.threshold.fill_(THETA)
    sums = torch.linspace(0, 1, 50) * STEPS * THETA
    inputs = (sums / STEPS)[None, None]
    activity = analogue.relative(analogue.run(inputs, STEPS)).mean(0)
    rate = spiking.relative(spiking.run(inputs, STEPS)).mean(0)

    torch.testing.assert_close(activity[0], sums / (STEPS * THETA))
    assert float((activity - rate).abs().max()) <= 1 / STEPS
    assert (analogue.spiking, spiking.spiking) == (False, True)
    assert analogue.rule is None
    assert spiking.rule is not None
    assert analogue.unit(STEPS, (4, 4)) == spiking.unit(STEPS, (4, 4))


def test_an_output_is_the_sum_of_its_currents() -> None:
    output = AnalogueOutput(STEPS)
    scores = output.relative(output.run(currents(), STEPS)).mean(0)

    torch.testing.assert_close(scores, currents().sum(0))
    assert torch.equal(output.run(currents(), STEPS), output.unroll(currents(), STEPS)[0])
    assert output.unit(STEPS, ()).bottom is None
