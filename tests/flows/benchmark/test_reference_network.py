"""The network that the responder is timed on fires as it says, and is computed exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from spikeatlas.flows.benchmark.reference_network import (
    noise_images,
    reference_network,
    smooth_images,
)
from spikeatlas.snn.responder import Responder
from tests.snn.responder.small import difference


def test_the_reference_network_fires_like_a_trained_one() -> None:
    natural = smooth_images(32)
    assert natural.dtype == np.uint8
    assert natural.shape == (32, 3, 32, 32)
    network = reference_network(natural, 25)
    respond = Responder(network, network.layers, batch_size=32)
    rates = {name: float(response.mean()) for name, response in respond(natural).items()}
    assert 0.12 < rates["conv1"] < 0.18
    assert all(0.03 < rate < 0.4 for rate in rates.values())
    layer = next(iter(network))
    with torch.no_grad():
        currents = layer.currents(network.normalise(torch.from_numpy(natural)))
    assert 0.55 < float((currents < 0.1).float().mean()) < 0.7
    assert respond(noise_images(8))["conv1"].mean() > 0.3


@pytest.mark.parametrize("time_steps", [25, 128])
def test_the_reference_network_is_computed_exactly(time_steps: int) -> None:
    network = reference_network(smooth_images(32), time_steps)
    for images in (smooth_images(2, seed=1), noise_images(2, seed=1)):
        plain = Responder(network, network.layers, batch_size=2, kind="plain")(images)
        responses = Responder(network, network.layers, batch_size=2)(images)
        # sums in another order: a spike in a million may fall a step earlier or later
        assert difference(network, responses, plain).share <= 1e-5


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is Linux's")
def test_a_large_batch_stays_below_the_cap() -> None:
    network = reference_network(smooth_images(32), 128)
    images = noise_images(1000)
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    Responder(network, network.layers, batch_size=1000)(images)
    assert _peak() - before < 2**30


def _peak() -> int:
    """Peak bytes of this process since the last reset."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
