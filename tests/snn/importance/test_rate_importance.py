from __future__ import annotations

import numpy as np
import torch

from spikeatlas.snn.coding import encode
from spikeatlas.snn.importance import ImportanceSite, RateSpec
from spikeatlas.snn.subjects import ChainSubject
from tests.snn.importance.digit_networks import KEY
from tests.snn.nets import network, noise_images


def test_it_is_the_mean_share_of_spikes() -> None:
    net, images = network(threshold=0.3).eval(), noise_images(12)
    with torch.no_grad():
        spikes, _ = net.layer_outputs(encode(net, images))

    rates = RateSpec().measure(
        ImportanceSite(
            ChainSubject(net), images, np.zeros(12, int), {"conv1": (1, 3), "fc1": (0, 7)}, KEY
        )
    )

    np.testing.assert_allclose(
        rates["conv1"], spikes["conv1"].mean((0, 1, 3, 4))[[1, 3]].numpy(), rtol=1e-5
    )
    np.testing.assert_allclose(rates["fc1"], spikes["fc1"].mean((0, 1))[[0, 7]].numpy(), rtol=1e-5)
    assert rates["conv1"].any()
