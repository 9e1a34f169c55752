"""The exact path integral against its closed form, and against attribution where the two are the same."""

from __future__ import annotations

import numpy as np
import pytest
import scipy
import torch

from spikeatlas.flows.benchmark.modes.rules.exact_attribution import exact_attributions
from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.importance.attribution import ImagePath, attributions
from tests.snn.importance.linear_layers import SHAPE, TwoLinearLayers
from tests.snn.nets import network, noise_images

KEY = CodingKey(0, "", "exact")


def test_of_a_linear_layer_it_is_the_attribution() -> None:
    net = TwoLinearLayers()
    images = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), dtype=np.uint8)
    labels = np.arange(5) % 3
    path = ImagePath(np.zeros(SHAPE, np.uint8), 20)

    exact = exact_attributions(net, images, labels, path, "inner", None)

    np.testing.assert_allclose(
        exact, attributions(net, images, labels, path, None)["inner"], atol=1e-7
    )


def test_all_neurons_together_are_the_change_of_the_probability() -> None:
    net = network(neuron="relu", time_steps=1, decoding="membrane", channels=(), hidden=(6,)).eval()
    images, labels = noise_images(5), np.arange(5)
    black = np.zeros(net.input_shape, np.uint8)

    exact = exact_attributions(net, images, labels, ImagePath(black, 200), "fc1", None)

    with torch.no_grad():
        scores = net.scores(
            net(net.normalise(torch.from_numpy(np.concatenate([images, black[None]])))[None])
        )
    chances = scipy.special.softmax(scores.double().numpy(), axis=1)
    change = chances[:-1][np.arange(5), labels] - chances[-1][labels]
    np.testing.assert_allclose(exact.sum(1), change, atol=0.02 * np.abs(change).max())


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_a_spiking_layer_s_has_a_value_for_each_unit(coding: str) -> None:
    net = network(channels=(), hidden=(7,), coding=coding, threshold=0.3).eval()
    path = ImagePath(np.zeros(net.input_shape, np.uint8), 3)
    exact = exact_attributions(net, noise_images(4), np.arange(4), path, "fc1", KEY)
    assert exact.shape == (4, 7)
    assert np.isfinite(exact).all()
    assert exact.any()
