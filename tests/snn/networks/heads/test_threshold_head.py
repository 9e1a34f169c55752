from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from spikeatlas.snn.coding import encode
from spikeatlas.snn.subjects import LayerFeatures
from tests.snn.nets import noise_images
from tests.snn.networks.heads.heads import CHAIN, head, head_spec


def test_scores_are_a_sum_over_units_that_are_on() -> None:
    network, images = head(), noise_images(5)
    inputs = encode(network, images)
    pixels = (images.reshape(5, -1) / 255 - 0.3) / 0.4
    points = np.column_stack([(pixels - network.centre.numpy()) / 0.7, np.ones(5)])
    planes, weights = network.planes.numpy(), network.weights.numpy()

    expected = np.array(
        [
            sum((weight for plane, weight in zip(planes, weights, strict=True) if point @ plane >= 0), np.zeros(10))
            for point in points
        ]
    )  # fmt: skip
    outputs = network(inputs)
    assert outputs.shape == (1, 5, 10)
    np.testing.assert_allclose(network.scores(outputs).numpy(), expected, atol=1e-6)
    assert torch.equal(network.unroll(inputs), outputs)


def test_a_margin_is_a_distance() -> None:
    network, images = head(), noise_images(5)
    margins = network.margins(encode(network, images)).numpy()
    features = network.features(encode(network, images)).numpy()
    for unit in (1, 3):
        plane = network.planes[unit].numpy()
        # the foot of the perpendicular lies in the plane
        scaled = (features[0] - network.centre.numpy()) / 0.7
        foot = scaled - margins[0, unit] * plane[:-1] / np.linalg.norm(plane[:-1])
        assert abs(foot @ plane[:-1] + plane[-1]) < 1e-9
    assert not margins[:, ::2].any()
    assert margins[:, 1::2].all()


def test_features_are_a_layer_s_spikes() -> None:
    features = LayerFeatures(network={**CHAIN, "checkpoints": "runs"}, layer="conv1", epoch=1)  # type: ignore[arg-type]
    network = head(spec=head_spec(features=features))
    assert network.trunk is not None
    images = noise_images(4)
    spikes = dict(network.trunk.capture(encode(network.trunk, images), 1))["conv1"]

    assert network.time_steps == 5
    assert spikes.any()
    rates = network.features(encode(network, images))
    assert torch.equal(rates, spikes.double().mean(0).flatten(1))
    assert network.train().trunk is not None
    assert not network.trunk.training


def test_a_frozen_network_is_shown_images_as_it_was_trained(tmp_path: Path) -> None:
    features = LayerFeatures(network={**CHAIN, "checkpoints": "runs"}, layer="fc1", epoch=1)  # type: ignore[arg-type]
    network = head(spec=head_spec(features=features))
    assert network.trunk is not None
    network.trunk.mean.fill_(0.7)
    images = noise_images(2)
    assert torch.equal(encode(network, images), encode(network.trunk, images))
