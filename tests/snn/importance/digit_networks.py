"""Networks of 128 units, trained on digits in a second or two."""

from __future__ import annotations

import copy
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import DataSet, Digits, load_data
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.training import TrainingSpec, epoch_path, load_network, train_network

KEY = CodingKey(0, "", "importance")
UNITS = 128
QUARTER = UNITS // 4


@lru_cache(maxsize=1)
def digits() -> DataSet:
    return load_data(Digits())


@lru_cache(maxsize=4)
def trained(seed: int = 0, epochs: int = 5, **fields: Any) -> SpikingNetwork:
    """A network of one hidden layer, fc1, and the output."""
    spec = NetworkSpec(channels=(), hidden=(UNITS,), **{"time_steps": 10, **fields})
    training = TrainingSpec(epochs=epochs, lr=0.005, batch_size=32)
    with TemporaryDirectory() as folder:
        train_network(spec, training, digits(), folder=Path(folder), seed=seed, study="importance")
        path = epoch_path(Path(folder), epochs)
        network = load_network(path, spec, digits().shape, 10)
    assert isinstance(network, SpikingNetwork)
    return network


@torch.no_grad()
def accuracy_without(network: SpikingNetwork, units: NDArray[np.int64]) -> float:
    """Accuracy on the test images while nothing reads some units of fc1."""
    test, deaf = digits().test, copy.deepcopy(network)
    list(deaf)[1].operator.weight[:, torch.from_numpy(units)] = 0
    outputs = deaf(encode(deaf, test.images, KEY))
    return float((deaf.scores(outputs).argmax(1).numpy() == test.labels).mean())


def quarters(
    network: SpikingNetwork, importance: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Accuracy without the most important quarter, without a random one (mean of 8), without the least important one."""
    order = np.argsort(-importance, kind="stable")
    rng = np.random.default_rng(0)
    random = [accuracy_without(network, rng.permutation(UNITS)[:QUARTER]) for _ in range(8)]
    first, last = (accuracy_without(network, part) for part in (order[:QUARTER], order[-QUARTER:]))
    return first, float(np.mean(random)), last
