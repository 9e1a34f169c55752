"""Networks between analogue and spiking, against plain ones written out here."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.coding import encode
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.norms.batch import SummedBatchNorm
from spikeatlas.snn.responder import Responder
from spikeatlas.snn.showing import ResponderKind
from spikeatlas.snn.training.methods.tandem.hybrid_network import neuron_of
from tests.snn.nets import noise_images
from tests.snn.training.methods.tandem.tandem_nets import encoded, hybrid


def folded(layer: SpikingLayer, steps: int) -> tuple[Tensor, Tensor]:
    """Weights and biases of a layer with its normalisation in them: w g / s, (b - m) g / s + beta, b for all steps."""
    weight, norm = layer.operator.weight, layer.norm
    bias = torch.zeros(layer.size) if layer.operator.bias is None else layer.operator.bias * steps
    if norm is None:
        return weight, bias
    assert isinstance(norm, SummedBatchNorm)
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    columns = gain.view(-1, *(1,) * (weight.dim() - 1))
    return weight * columns, (bias - norm.running_mean) * gain + norm.bias


def plain_drive(layer: SpikingLayer, inputs: Tensor, steps: int, share: float) -> Tensor:
    """Currents of inputs, by folded weights, with a share of the biases."""
    weight, bias = folded(layer, steps)
    if weight.dim() == 4:
        return functional.avg_pool2d(functional.conv2d(inputs, weight, bias * share, padding=1), 2)
    return functional.linear(inputs.flatten(1), weight, bias * share)


def plain_counts(layer: SpikingLayer, sequence: Tensor, theta: float) -> Tensor:
    """theta times spikes (T, n, ...): u += I - theta s; s = [u >= theta], biases spread over the steps."""
    steps = len(sequence)
    membrane, spikes, row = torch.zeros(()), torch.zeros(()), []
    for inputs in sequence:
        membrane = membrane + plain_drive(layer, inputs, steps, 1 / steps) - theta * spikes
        spikes = (membrane >= theta).float()
        row.append(theta * spikes)
    return torch.stack(row)


def plain_scores(network: SpikingNetwork, inputs: Tensor, converted: int) -> Tensor:
    """Scores of a network whose first layers spike, and of which the others are a plain one."""
    steps, sequence, total = len(inputs), inputs, inputs.sum(0)
    *hidden, last = list(network)
    for place, layer in enumerate(hidden):
        if place < converted:
            sequence = plain_counts(layer, sequence, float(neuron_of(layer).threshold))
            total = sequence.sum(0)
        else:
            total = plain_drive(layer, total, steps, 1).relu()
    return plain_drive(last, total, steps, 1)


@pytest.mark.parametrize("norm", [{"kind": "batch", "statistics": "sum"}, "none"])
@pytest.mark.parametrize("converted", [0, 1, 2, 3])
@torch.no_grad()
def test_it_is_the_plain_network_with_folded_weights(converted: int, norm: object) -> None:
    parts = hybrid(converted, norm=norm)
    inputs = encoded(parts.network, 50, seed=9)
    plain = plain_scores(parts.network, inputs, converted)

    for outputs in (
        parts.network(inputs),
        parts.outputs(parts.spikes(inputs, converted), converted),
    ):
        scores = parts.network.scores(outputs)
        # a membrane within rounding of its threshold may fire a step later
        near = torch.isclose(scores, plain, rtol=1e-3, atol=1e-3).all(1)
        assert float(near.double().mean()) > 0.9
    assert parts.converted == converted
    assert float(plain.std(0).min()) > 0


@pytest.mark.parametrize("converted", [0, 1, 2, 3])
def test_means_have_the_scores_and_gradients_of_sequences(converted: int) -> None:
    parts, twin = hybrid(converted), hybrid(converted)
    inputs = encoded(parts.network, 20, seed=9)
    labels = torch.arange(20) % 10

    for network, outputs in (
        (parts.network, parts.outputs(inputs, 0)),
        (twin.network, twin.network(inputs)),
    ):
        functional.cross_entropy(network.scores(outputs), labels).backward()

    gradients = [
        [parameter.grad for parameter in network.parameters() if parameter.requires_grad]
        for network in (parts.network, twin.network)
    ]
    for means, sequences in zip(*gradients, strict=True):
        torch.testing.assert_close(means, sequences, rtol=1e-4, atol=1e-6)


def test_frozen_layers_have_no_gradient() -> None:
    parts = hybrid(2)
    spikes = parts.spikes(encoded(parts.network, 20), 1)
    parts.outputs(spikes, 1).sum().backward()

    first, second, third, out = parts.network
    assert first.operator.weight.grad is None
    for layer in (second, third, out):
        assert layer.operator.weight.grad is not None
        assert layer.operator.weight.grad.any()


@torch.no_grad()
def test_analogue_layers_train_as_torchs_batch_normalisation() -> None:
    parts = hybrid(0)
    first, *_ = parts.network
    norm = nn.BatchNorm2d(4)
    assert first.norm is not None
    state = first.norm.state_dict()
    norm.load_state_dict({**state, "num_batches_tracked": torch.tensor(0)})
    inputs = encoded(parts.network, 30, seed=4)
    bias = first.operator.bias
    assert bias is not None
    pooled = functional.avg_pool2d(first.operator(inputs[0]) + 7 * bias.view(-1, 1, 1), 2)

    parts.network.train()
    activations = next(parts.means(inputs, 0)) * 8

    torch.testing.assert_close(activations, norm(pooled).relu(), rtol=1e-4, atol=1e-5)
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(first.norm.state_dict()[name], norm.state_dict()[name])


@torch.no_grad()
def test_thresholds_are_measured_behind_spikes() -> None:
    parts = hybrid(1)
    inputs = encoded(parts.network, 40, seed=2)
    before = [float(neuron_of(layer).threshold) for layer in parts.hidden]
    parts.measure([inputs])
    after = [float(neuron_of(layer).threshold) for layer in parts.hidden]

    assert after[0] == before[0]
    _, second, _, _ = parts.network
    spikes = plain_counts(parts.hidden[0], inputs, before[0])
    activations = plain_drive(second, spikes.sum(0), 8, 1).relu().numpy()
    assert after[1] == pytest.approx(np.percentile(activations, 99.9) / 8, rel=1e-3)
    assert after[1] != before[1]


@torch.no_grad()
@pytest.mark.parametrize("converted", [0, 1])
def test_thresholds_are_of_all_batches_together(converted: int) -> None:
    parts = hybrid(converted)
    inputs = encoded(parts.network, 40, seed=2)
    parts.measure([inputs])
    whole = [float(neuron_of(layer).threshold) for layer in parts.hidden]

    parts.measure(inputs[:, start : start + 15] for start in (0, 15, 30))

    parted = [float(neuron_of(layer).threshold) for layer in parts.hidden]
    assert parted == pytest.approx(whole, rel=1e-5)
    parts.measure([inputs[:, :15]])
    assert float(neuron_of(parts.hidden[1]).threshold) != pytest.approx(whole[1], rel=1e-5)


@torch.no_grad()
def test_a_silent_layer_has_a_threshold() -> None:
    parts = hybrid(0)
    parts.hidden[0].operator.weight.zero_()
    parts.hidden[0].norm = None
    parts.measure([encoded(parts.network, 5)])

    assert float(neuron_of(parts.hidden[0]).threshold) > 0
    parts.convert()
    assert not parts.network(encoded(parts.network, 5)).isnan().any()


@pytest.mark.parametrize("kind", ["auto", "plain"])
@pytest.mark.parametrize("converted", [0, 1, 2, 3])
def test_the_responder_tells_what_the_layers_hand_on(converted: int, kind: ResponderKind) -> None:
    parts = hybrid(converted)
    images = noise_images(30, seed=3)
    respond = Responder(parts.network, list(parts.network.layers), kind=kind, guarded=True)
    responses = respond(images)

    with torch.no_grad():
        means = list(parts.means(encode(parts.network, images), 0))
    for layer, mean in zip(parts.network, means, strict=True):
        units = layer.neuron.relative(mean).reshape(30, layer.size, -1).mean(2)
        torch.testing.assert_close(
            torch.from_numpy(responses[layer.name]), units, rtol=1e-4, atol=1e-5
        )
    for layer in parts.hidden[:converted]:
        counts = responses[layer.name] * 8 * (16 if layer.name == "conv1" else 1)
        np.testing.assert_allclose(counts, counts.round(), atol=1e-4)
