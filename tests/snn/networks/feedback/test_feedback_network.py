"""The spiking network settles to the equilibrium, and its gradient is that of the equilibrium."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import silenced_neurons, with_neurons
from spikeatlas.snn.networks.feedback import FeedbackNetwork, SpikingAdjoint
from spikeatlas.snn.robustness import CLEAN, Condition, Pgd, measure_network
from tests.snn.nets import noise_images
from tests.snn.networks.feedback.feedback_nets import equilibrium, feedback_network


def images(network: FeedbackNetwork, count: int = 6) -> torch.Tensor:
    return encode(network, noise_images(count, network.input_shape), CodingKey(0, "", "test"))


def lively(steps: int, **fields: object) -> FeedbackNetwork:
    """A network whose units answer, and see each other."""
    network = feedback_network(units=60, time_steps=steps, **fields)
    with torch.no_grad():
        network.fc1.weight *= 2
        network.fc1.bias += 0.3
        # a norm at which feedback moves rates by far more than rounding
        network.feedback.weight *= 1.9 / torch.linalg.norm(network.feedback.weight)
    return network


@pytest.mark.parametrize("steps", [30, 100, 300])
@torch.no_grad()
def test_rates_settle_to_the_equilibrium(steps: int) -> None:
    network = lively(steps)
    inputs = images(network)

    ((name, spikes),) = network.capture(inputs)

    drive = network.drive(inputs)[0].double()
    feedback = network.feedback.weight.double()
    target = equilibrium(drive, feedback)
    assert name == "fc1"
    assert spikes.shape == (steps, 6, 60)
    assert set(spikes.unique().tolist()) == {0.0, 1.0}
    assert (spikes.mean(0) - target).abs().max() < 1 / steps
    # feedback has a part in it
    assert (equilibrium(drive, 0 * feedback) - target).abs().max() > 0.05
    torch.testing.assert_close(network.scores(network(inputs)), network.fc(spikes.mean(0)))


@pytest.mark.parametrize("coding", ["current", "poisson"])
@torch.no_grad()
def test_an_image_is_answered_alike_in_any_company(coding: str) -> None:
    network = lively(20, coding=coding)
    inputs = images(network, 7)
    ((_, together),) = network.capture(inputs)

    for row in (0, 3, 6):
        ((_, alone),) = network.capture(inputs[:, [row] * 7])
        assert torch.equal(alone[:, 2], together[:, row])
    assert torch.equal(network(inputs), network.unroll(inputs))
    # the loop itself, written out
    membrane = feedback = torch.zeros(7, 60)
    for step in range(20):
        drive = network.fc1(inputs[step if len(inputs) > 1 else 0].flatten(1))
        membrane = membrane + (drive + feedback)
        spikes = (membrane >= 1).float()
        membrane = membrane - 2 * spikes
        feedback = network.feedback(spikes)
        assert torch.equal(spikes, together[step])


def test_the_gradient_is_that_of_the_equilibrium() -> None:
    network = lively(400).double()
    inputs = images(network).double().requires_grad_()
    labels = torch.arange(6)
    nn.functional.cross_entropy(network.scores(network(inputs)), labels).backward()
    slopes = {name: values.grad for name, values in network.named_parameters()}
    slope = inputs.grad

    network.zero_grad()
    inputs.grad = None
    rates = equilibrium(network.drive(inputs)[0], network.feedback.weight)
    nn.functional.cross_entropy(network.fc(rates), labels).backward()

    targets = {
        **{name: values.grad for name, values in network.named_parameters()},
        "x": inputs.grad,
    }
    for name, target in targets.items():
        ours = {**slopes, "x": slope}[name]
        assert ours is not None
        assert target is not None
        assert nn.functional.cosine_similarity(ours.flatten(), target.flatten(), dim=0) > 0.99, name
        assert float(ours.norm() / target.norm()) == pytest.approx(1, abs=0.05)


def test_spikes_backward_give_about_the_same_gradient() -> None:
    network, scale = lively(30), 10.0
    slopes = []
    for adjoint in (None, SpikingAdjoint(400)):
        network.zero_grad()
        outputs = (
            network(images(network))
            if adjoint is None
            else network.settle(images(network), adjoint)
        )
        loss = nn.functional.cross_entropy(network.scores(outputs), torch.arange(6))
        (loss * (1 if adjoint is None else scale)).backward()
        factor = 1 if adjoint is None else 1 / scale
        slopes.append(
            {
                name: values.grad * factor
                for name, values in network.named_parameters()
                if values.grad is not None
            }
        )

    exact, spiking = slopes
    assert (
        list(exact)
        == list(spiking)
        == ["fc1.weight", "fc1.bias", "feedback.weight", "fc.weight", "fc.bias"]
    )
    for name, slope in exact.items():
        assert (
            nn.functional.cosine_similarity(slope.flatten(), spiking[name].flatten(), dim=0) > 0.99
        ), name


def test_feedback_weights_are_shrunk_to_their_norm() -> None:
    network = feedback_network(feedback_norm=0.5)
    before = network.feedback.weight.detach().clone()
    assert torch.linalg.norm(before) == pytest.approx(0.5)

    with torch.no_grad():
        network.feedback.weight *= 3
    network.restrict()

    torch.testing.assert_close(network.feedback.weight, before)
    network.restrict()
    torch.testing.assert_close(network.feedback.weight, before)


@torch.no_grad()
def test_a_silent_unit_is_silent_for_the_others_too() -> None:
    network = lively(30)
    inputs = images(network)
    ((_, spikes),) = network.capture(inputs)
    unit = int(spikes.sum((0, 1)).argmax())

    silent = with_neurons(network, "neuron", silenced_neurons(network.neuron, unit))

    ((_, others),) = silent.capture(inputs)
    assert not others[:, :, unit].any()
    rest = [other for other in range(60) if other != unit]
    assert not torch.equal(others[:, :, rest], spikes[:, :, rest])
    with torch.no_grad():
        network.feedback.weight[:, unit] = 0
        network.fc.weight[:, unit] = 0
    torch.testing.assert_close(silent(inputs), network(inputs))


def test_gradient_attacks_follow_the_equilibrium() -> None:
    network = lively(30)
    images = noise_images(40, network.input_shape)
    with torch.no_grad():
        labels = network.scores(network(encode(network, images))).argmax(1).numpy()

    measured = measure_network(
        network, images, labels, {"clean": CLEAN, "pgd": Condition(Pgd(), 0.1)}
    )

    assert measured["clean"].accuracy == 1
    assert measured["pgd"].accuracy < 0.5


def test_there_is_one_layer() -> None:
    network = feedback_network()
    assert network.layers == ("fc1",)
    assert list(network.capture(images(network), 0)) == []
    with pytest.raises(ValueError, match=r"layers names 'fc2', but the network has fc1 \(did you"):
        network.neurons("fc2")
    with pytest.raises(ValueError, match="layers is empty"):
        network.require([])
