"""The residual network is SpikingJelly's, spike for spike, and its step loop's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import SpikingResNet
from tests.snn.resnets import NAMES, inputs, jelly, lif_of_theirs, recorded, resnet


def every_layer(network: SpikingResNet, images: Tensor) -> dict[str, Tensor]:
    return dict(network.capture(images, len(network.layers)))


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
@pytest.mark.parametrize(
    "rule",
    [
        ({}, {"tau": 2.0}),
        (
            {"reset": "subtract", "neuron": {"kind": "lif", "tau": 1.6, "decay_input": False}},
            {"tau": 1.6, "decay_input": False, "v_reset": None},
        ),
    ],
    ids=["decayed, hard", "undecayed, soft"],
)
@torch.no_grad()
def test_no_spike_differs_from_spikingjellys(
    stem: str, rule: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    ours = resnet(stem=stem, **rule[0])
    net = jelly(4, stem, **rule[1]).eval()
    net.load_state_dict({name: ours.state_dict()[name] for name in net.state_dict()})
    images = inputs(ours)

    wanted = recorded(net, images.expand(5, -1, -1, -1, -1))
    spikes = every_layer(ours, images)

    assert list(spikes) == list(ours.layers) == NAMES
    for name in NAMES:
        assert torch.equal(spikes[name], wanted[name]), name
        assert 0.005 < spikes[name].mean() < 0.9
    torch.testing.assert_close(ours(images), wanted["outputs"])
    torch.testing.assert_close(ours.scores(ours(images)), wanted["outputs"].mean(0))


FORMS: list[dict[str, Any]] = [
    {"stem": "imagenet"},
    {"stem": "cifar"},
    {"stem": "cifar", "coding": "poisson"},
    {"neuron": "leaky", "reset": "subtract", "beta": 0.8},
    {"blocks": (1, 2), "neuron": "tests.snn.own_layers:Adaptive"},
]


@pytest.mark.parametrize("fields", FORMS, ids=str)
@torch.no_grad()
def test_layer_by_layer_equals_the_step_loop(fields: dict[str, Any]) -> None:
    network = resnet(**fields)
    images, depth = inputs(network), len(network.layers)

    assert torch.equal(network(images), network.unroll(images))
    rows = list(network.steps(images, depth))
    for name, spikes in network.capture(images, depth):
        assert torch.equal(spikes, torch.stack([row[name] for row in rows])), name


@torch.no_grad()
def test_a_capture_stops_at_the_depth_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    network = resnet()
    depth = network.upto(["layer1.0.sn1", "sn1"])
    monkeypatch.setattr(network, "layer2", None)

    assert [name for name, _ in network.capture(inputs(network), depth)] == NAMES[:2]


@torch.no_grad()
def test_a_call_in_evaluation_changes_nothing_and_threads_share_it() -> None:
    network = resnet(stem="cifar")
    before = {name: values.clone() for name, values in network.state_dict().items()}
    images = [inputs(network, 2, seed) for seed in range(6)]
    alone = [network(values) for values in images]

    with ThreadPoolExecutor(2) as pool, torch.no_grad():
        together = list(pool.map(network, images * 2))

    for number, outputs in enumerate(together):
        assert torch.equal(outputs, alone[number % 6])
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())


@pytest.mark.parametrize("fields", FORMS[:3], ids=str)
def test_a_training_step_is_the_same_by_both_loops(fields: dict[str, Any]) -> None:
    outcomes = []
    for loop in ("forward", "unroll"):
        network = resnet(**fields).train()
        outputs = getattr(network, loop)(inputs(network, 6))
        nn.functional.cross_entropy(network.scores(outputs), torch.arange(6)).backward()
        slopes = {name: values.grad for name, values in network.named_parameters()}
        outcomes.append((outputs.detach(), slopes, dict(network.named_buffers())))

    (outputs, slopes, buffers), (wanted, wanted_slopes, wanted_buffers) = outcomes
    assert torch.equal(outputs, wanted)
    assert all(torch.equal(values, wanted_buffers[name]) for name, values in buffers.items())
    for name, slope in wanted_slopes.items():
        assert slope is not None
        assert slope.any(), name
        scale = float(slope.abs().max())
        torch.testing.assert_close(slopes[name], slope, rtol=1e-4, atol=1e-4 * scale)


def test_gradients_are_spikingjellys() -> None:
    """Of sequences, whose batch statistics are the same; constant images go through the stem once."""
    ours = resnet(stem="imagenet").train()
    net = jelly(4, "imagenet", **lif_of_theirs()).train()
    net.load_state_dict({name: ours.state_dict()[name] for name in net.state_dict()})
    images = inputs(ours, 6).expand(5, -1, -1, -1, -1).clone()

    for module in (ours, net):
        nn.functional.cross_entropy(module(images).mean(0), torch.arange(6)).backward()

    wanted = {name: values.grad for name, values in net.named_parameters()}
    for name, values in ours.named_parameters():
        slope = wanted[name]
        assert slope is not None
        scale = float(slope.abs().max())
        torch.testing.assert_close(values.grad, slope, rtol=1e-3, atol=1e-3 * scale)


def test_constant_images_teach_what_a_sequence_of_them_does() -> None:
    outcomes = []
    for steps in (1, 5):
        network = resnet(stem="imagenet").train()
        images = inputs(network, 6).expand(steps, -1, -1, -1, -1)
        nn.functional.cross_entropy(network(images).mean(0), torch.arange(6)).backward()
        outcomes.append((network.conv1.weight.grad, network.bn1.running_var))

    (slope, variance), (wanted, wanted_variance) = outcomes
    assert wanted is not None
    torch.testing.assert_close(slope, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))
    # torch divides by the number of values less one
    torch.testing.assert_close(variance, wanted_variance, rtol=2e-3, atol=0)


def test_one_value_a_channel_is_refused_in_training() -> None:
    network = resnet(shape=(1, 8, 8), time_steps=1).train()

    with pytest.raises(
        ValueError, match=r"choose a training\.batch_size that leaves no image alone"
    ):
        network(inputs(network, 1))


def test_an_unknown_layer_is_named_with_the_near_ones() -> None:
    with pytest.raises(ValueError, match=r"'layer1.0.sn3'.* \(did you mean layer1.0.sn"):
        resnet().upto(["layer1.0.sn3"])
    with pytest.raises(ValueError, match="layers is empty"):
        resnet().upto([])
