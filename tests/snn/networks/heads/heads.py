"""Small heads for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from spikeatlas.snn.data import DataSet, Digits, load_data
from spikeatlas.snn.networks import NetworkSite, NetworkSpec, ThresholdHead, TrainableNetwork
from spikeatlas.snn.subjects import SUBJECTS, ThresholdHeadSpec
from spikeatlas.snn.training import TrainingSpec, train_network

CHAIN: dict[str, Any] = {"channels": [3], "hidden": [6], "time_steps": 5}
PATH = (0.3, 0.05, 0.01)


def digits() -> DataSet:
    return load_data(Digits(limit=80))


def head_spec(**fields: Any) -> ThresholdHeadSpec:
    spec = SUBJECTS.read({"kind": "threshold-head", "units": 12, **fields})
    assert isinstance(spec, ThresholdHeadSpec)
    return spec


def site(seed: int = 0) -> NetworkSite:
    return NetworkSite((1, 8, 8), 10, [0.3], [0.4], seed)


def head(*, spec: ThresholdHeadSpec | None = None, seed: int = 0) -> ThresholdHead:
    """A head with drawn planes and weights; half of its units have none."""
    network = (spec or head_spec()).build(site()).eval()
    random = torch.Generator().manual_seed(seed)
    for name in ("centre", "planes", "weights"):
        buffer = network.get_buffer(name)
        buffer.copy_(torch.randn(buffer.shape, generator=random, dtype=buffer.dtype) / 3)
    network.weights[::2] = 0
    network.scale.fill_(0.7)
    return network


def trained_chain(folder: Path, data: DataSet, **fields: Any) -> dict[str, Any]:
    """Train a small chain, and return the fields of ``network`` that name its checkpoints."""
    chain = {**CHAIN, **fields}
    spec = NetworkSpec(**chain)
    train_network(spec, TrainingSpec(epochs=1), data, folder=folder, seed=0, study="chain")
    return {**chain, "checkpoints": str(folder)}


def convex(**fields: Any) -> TrainingSpec:
    return TrainingSpec(method={"kind": "convex-threshold", "path": PATH, **fields})  # type: ignore[arg-type]


def trunk_of(network: TrainableNetwork) -> dict[str, torch.Tensor]:
    assert isinstance(network, ThresholdHead)
    assert network.trunk is not None
    return network.trunk.state_dict()
