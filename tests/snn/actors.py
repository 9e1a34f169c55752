"""Small actors, and stimuli for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.data import DataSet, Split
from spikeatlas.snn.networks import ActorArchitecture, ActorNetwork, NetworkSite
from spikeatlas.snn.neurons import SURROGATES
from spikeatlas.snn.training import TRAINING_METHODS, TrainingSpec, list_epochs, train_network

RELU: dict[str, Any] = {"neuron": "relu", "time_steps": 1, "links": "none"}
QUICK: dict[str, Any] = {
    "kind": "td3", "every": 30, "start_steps": 10, "update_after": 20, "update_every": 10, "batch_size": 4,
    "critic_hidden": [5],
}  # fmt: skip
"""A training that changes its network 10 times every 10 steps from step 20 on."""


def architecture(**fields: Any) -> ActorArchitecture:
    return ActorArchitecture(**{"hidden": (7, 6), "population": 4, **fields})


def actor(observations: int = 3, seed: int = 0, **fields: Any) -> ActorNetwork:
    """An untrained actor."""
    site = NetworkSite((1, 1, observations), 1, [0.0], [1.0], seed)
    return architecture(**fields).build(site)


def observations(count: int, numbers: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, 1, numbers), dtype=np.uint8)


def data(count: int = 8) -> DataSet:
    split = Split(observations(count), np.zeros(count, np.int64))
    return DataSet(split, split, ("observation",))


def teach(
    folder: Path, should_stop: Any = None, network: Any = None, steps: int = 60, **fields: Any
) -> list[bytes]:
    """Train a small actor, and return its checkpoints' bytes."""
    method = TRAINING_METHODS.read({**QUICK, **fields})
    spec = TrainingSpec(epochs=steps, surrogate=SURROGATES.read("rectangle"), method=method)
    train_network(
        network or architecture(),
        spec,
        data(),
        folder=folder,
        seed=3,
        study="s",
        should_stop=should_stop,
    )
    return [path.read_bytes() for path in list_epochs(folder).values()]
