from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.robustness import layer_signals, network_activity, noisy, subject_activity
from spikeatlas.snn.robustness.layer_signals import Rates
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import ChainSubject
from tests.snn.nets import network, noise_images
from tests.snn.networks.feedback.feedback_nets import feedback_network
from tests.snn.resnets import resnet
from tests.snn.robustness.linear import linear_network

Images = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def pixels(images: Images) -> Rates:
    """A layer that answers with the pixels, one that is flat, one with one unit alone, and a silent one."""
    rows = images.reshape(len(images), -1).astype(np.float32)
    one = np.zeros_like(rows)
    one[:, 2] = 5
    return {"pixels": rows, "flat": np.ones_like(rows), "one": one, "silent": np.zeros_like(rows)}


def test_ratio_and_sparseness_are_those_of_their_definitions() -> None:
    clean = np.full((3, 1, 2, 2), 10, np.uint8)
    others = clean.copy()
    others[0, 0, 0, 0] += 10  # 400 / 100
    others[1] += 1  # 400 / 4

    signals = layer_signals(pixels, clean, others, batch=2)

    assert signals["pixels"].snr == pytest.approx(10 * np.log10((4 + 100) / 2))
    assert (signals["pixels"].snr_images, signals["pixels"].unchanged) == (2, 1)
    assert signals["flat"].hoyer == 0
    assert signals["one"].hoyer == 1
    assert (signals["one"].hoyer_images, signals["one"].silent) == (3, 0)
    assert np.isnan(signals["silent"].hoyer)
    assert np.isnan(signals["silent"].snr)
    assert (signals["silent"].silent, signals["silent"].unchanged) == (3, 3)


def test_the_ratio_of_known_noise_is_known() -> None:
    clean = np.full((50, 1, 20, 20), 128, np.uint8)
    others = noisy(clean, 0.1, CodingKey(0, "", "x"))
    # 10 log10(128^2 / 25.5^2)
    assert layer_signals(pixels, clean, others)["pixels"].snr == pytest.approx(14.0, abs=0.1)


def test_a_layer_that_only_noise_wakes_has_a_ratio_of_nothing() -> None:
    clean, others = np.zeros((2, 1, 2, 2), np.uint8), np.ones((2, 1, 2, 2), np.uint8)
    assert layer_signals(pixels, clean, others)["pixels"].snr == -np.inf


def test_rates_are_of_every_unit_at_every_position() -> None:
    net = network().eval()
    images = noise_images(6)

    activity = network_activity(net)

    assert activity is not None
    rates = activity(images)
    channels = subject_activity(ChainSubject(net), Showing(batch_size=8))(images)
    assert list(rates) == list(net.layers) == list(channels)
    for name, size in net.sizes.items():
        means = rates[name].reshape(6, size, -1).mean(axis=2)
        assert np.allclose(means, channels[name], atol=1e-6)


@pytest.mark.parametrize("build", [resnet, feedback_network])
def test_other_networks_have_layers_too(build: Callable[[], TrainableNetwork]) -> None:
    net = build().eval()
    activity = network_activity(net)
    assert activity is not None
    assert list(activity(noise_images(2, net.input_shape))) == list(net.layers)


def test_layers_of_another_network_are_not_known() -> None:
    assert network_activity(linear_network()) is None
