"""Silencing a neuron whose spikes reach others of its own layer: they fire as if it had never fired."""

from __future__ import annotations

import numpy as np
import torch

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.responder import Responder
from spikeatlas.snn.subjects import ChainSubject, Showing
from tests.snn.nets import network, noise_images

KEY = CodingKey(seed=1, checkpoint="c", purpose="ablation")


def test_a_silent_channel_feeds_no_gate_of_its_layer() -> None:
    net = network(neuron="backei", threshold=0.2, coding="poisson").eval()
    for part in net:
        for parameter in part.neuron.parameters():
            # gates that matter
            parameter.data.mul_(5)
    subject, images, showing = ChainSubject(net), noise_images(6), Showing(key=KEY)
    neurons = {"conv1": (0, 3), "conv2": (1, 4), "fc1": (2,)}

    scores = subject.scores_without(images, neurons, showing)

    changed = 0
    for layer, row in neurons.items():
        for values, neuron in zip(scores[layer], row, strict=True):
            alone = subject.silenced(layer, neuron)
            np.testing.assert_array_equal(values, alone.scores(images, showing))
            silent = alone.responder({layer: range(subject.layers[layer].neurons)}, showing)(images)
            assert not silent[layer][:, neuron].any()
            intact = Responder(net, [layer], key=KEY)(images)[layer]
            others = np.delete(silent[layer] != intact, neuron, axis=1)
            changed += bool(others.any())
    assert changed >= 3
    assert torch.is_grad_enabled()


def test_responses_are_signed_where_spikes_are_and_equal_the_plain_loop() -> None:
    net = network(neuron="backei", threshold=0.2).eval()
    images = noise_images(7)

    rates = Responder(net, ["conv1", "conv2", "fc1", "out"], batch_size=4)(images)

    plain = Responder(net, list(rates), batch_size=4, kind="plain")(images)
    assert all(np.array_equal(rates[layer], plain[layer]) for layer in rates)
    assert rates["conv1"].min() < 0 < rates["conv1"].max()
    assert rates["fc1"].min() >= 0
    for image in (0, 6):
        alone = Responder(net, ["conv2"], batch_size=4)(images[[image]])
        assert np.array_equal(alone["conv2"][0], rates["conv2"][image])
