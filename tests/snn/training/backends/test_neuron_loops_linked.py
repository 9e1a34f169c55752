"""Neurons that wrap others, or have gates, go by loops as by their own run."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from spikeatlas.snn.training.backends.neuron_loops import layered
from tests.snn.nets import network, noise_images


@pytest.mark.parametrize(
    "fields",
    [
        {"decoding": {"kind": "population", "size": 2, "links": "full"}},
        {"neuron": "clif", "decoding": {"kind": "population", "links": "no-lateral"}},
        {"neuron": "backei"},
    ],
    ids=["leaky, linked", "clif, linked", "backei"],
)
def test_loops_equal_the_run_batch_after_batch(fields: dict[str, Any]) -> None:
    net = network(threshold=0.3, **fields)
    inputs = [net.normalise(torch.from_numpy(noise_images(4, seed=seed)))[None] for seed in (0, 1)]
    loop = layered(net)

    for batch in (*inputs, *inputs):
        outputs = loop(batch)
        assert torch.equal(outputs, net(batch))
        assert torch.equal(outputs, net.unroll(batch))
