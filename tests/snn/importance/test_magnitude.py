from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.importance import ImportanceSite, MagnitudeSpec
from spikeatlas.snn.importance.magnitude import NO_WEIGHTS
from spikeatlas.snn.readings import PopulationReading
from spikeatlas.snn.subjects import ChainSubject, LackError, ResNetSubject
from spikeatlas.snn.subjects.read import ReadSubject
from tests.snn.importance.digit_networks import KEY
from tests.snn.nets import network, noise_images
from tests.snn.resnets import resnet


def test_it_is_the_sum_of_the_sizes_of_incoming_weights() -> None:
    net = network()
    one, two = list(net)[1], list(net)[2]

    values = MagnitudeSpec().measure(
        ImportanceSite(
            ChainSubject(net),
            noise_images(1),
            np.zeros(1, int),
            {"conv2": (5, 0), "fc1": (7,)},
            KEY,
        )
    )

    kernels = one.operator.weight.detach().numpy()
    loop = [sum(abs(float(w)) for w in kernels[channel].ravel()) for channel in (5, 0)]
    np.testing.assert_allclose(values["conv2"], loop, rtol=1e-5)
    weights = two.operator.weight.detach().numpy()
    np.testing.assert_allclose(values["fc1"], np.abs(weights[7]).sum(), rtol=1e-5)


def test_a_residual_network_s_layers_have_each_its_convolution() -> None:
    net = resnet()
    weights = net.input_weights()
    assert tuple(weights) == net.layers
    assert weights["sn1"] is net.conv1.weight
    assert weights["layer1.0.sn2"] is net.blocks["layer1.0"].conv2.weight
    assert MagnitudeSpec().problems(ResNetSubject(net, {})) == []


def test_without_weights_there_is_a_sentence() -> None:
    groups = ReadSubject(
        ChainSubject(network()), PopulationReading(groups={"fc1": ((0, 1),)}), "channel"
    )
    assert MagnitudeSpec().problems(groups) == [f"{NO_WEIGHTS}; name rate or ablation instead"]
    with pytest.raises(LackError, match="magnitude is of weights"):
        MagnitudeSpec().measure(
            ImportanceSite(groups, noise_images(1), np.zeros(1, int), {"fc1": (0,)}, KEY)
        )
