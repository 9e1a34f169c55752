"""Small tandem networks and their training, for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikeatlas.snn.coding import encode
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.training import Lesson, TrainingSpec, list_epochs, train_network
from spikeatlas.snn.training.methods.tandem import TandemLearner, TandemMethod
from spikeatlas.snn.training.methods.tandem.hybrid_network import HybridNetwork
from tests.snn.nets import network, noise_images, toy_data

FIELDS: dict[str, Any] = {
    "neuron": "tandem",
    "coding": "first-step",
    "decoding": "mean",
    "pool": "average",
    "norm": {"kind": "batch", "statistics": "sum"},
    "time_steps": 8,
}
SPEC = NetworkSpec(channels=(3,), hidden=(6,), **FIELDS)


def training(**fields: Any) -> TrainingSpec:
    method = TandemMethod(**{"patience": 2, **fields.pop("method", {})})
    return TrainingSpec(**{"epochs": 3, "batch_size": 12, "method": method, **fields})


def learner(spec: NetworkSpec = SPEC, seed: int = 0, **fields: Any) -> TandemLearner:
    taught = training(**fields)
    made = taught.method.learner(Lesson(spec, taught, toy_data(), seed, "s"))
    assert isinstance(made, TandemLearner)
    return made


def train(
    folder: Path, should_stop: Callable[[], bool] | None = None, **fields: Any
) -> dict[float, bytes]:
    data = toy_data()
    train_network(
        SPEC, training(**fields), data, folder=folder, seed=0, study="s", should_stop=should_stop
    )
    return {place: path.read_bytes() for place, path in list_epochs(folder).items()}


def hybrid(converted: int, **fields: Any) -> HybridNetwork:
    """A network with statistics of some images, whose first layers are converted."""
    net = network(channels=(4,), hidden=(8, 5), **(FIELDS | fields))
    inputs, random = encoded(net, 64), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for layer in net:
            assert layer.operator.bias is not None
            layer.operator.bias.normal_(std=0.02, generator=random)
        net.train()
        for seed in range(20):
            net(encoded(net, 32, seed))
    net.eval()
    parts = HybridNetwork(net)
    parts.measure([inputs])
    for _ in range(converted):
        parts.convert()
    return parts


def encoded(net: SpikingNetwork, count: int, seed: int = 0) -> Tensor:
    return encode(net, noise_images(count, seed=seed))
