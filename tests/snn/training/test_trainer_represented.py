"""Networks of represented numbers learn digits, and are killed and resumed with their thresholds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.files import load_checkpoint
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import (
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    read_header,
    train_network,
)
from spikeatlas.snn.training.methods import Backprop
from tests.snn.nets import toy_data

KILLED_AFTER = (0, 2, 5, 7)


def spec(**fields: Any) -> NetworkSpec:
    return TypeAdapter(NetworkSpec).validate_python(fields)


def membrane(dt: float) -> dict[str, Any]:
    """Membranes that weigh spikes as the neurons do."""
    return {"kind": "membrane", "leak": math.exp(-dt)}


@pytest.mark.parametrize(
    ("steps", "bar", "neuron", "decoding"),
    [
        (20, 0.95, "dsr-if", "membrane"),
        (5, 0.93, "dsr-if", "membrane"),
        (20, 0.95, "dsr-lif", membrane(0.05)),
        (5, 0.93, {"kind": "dsr-lif", "threshold": 0.6, "dt": 0.1}, membrane(0.1)),
    ],
    ids=str,
)
def test_digits_are_learned(
    tmp_path: Path, steps: int, bar: float, neuron: object, decoding: object
) -> None:
    network = spec(channels=(), hidden=(128,), time_steps=steps, neuron=neuron, decoding=decoding)
    method = Backprop(optimizer="sgd", weight_decay=5e-4)
    training = TrainingSpec(epochs=30, batch_size=128, lr=0.1, method=method)
    train_network(network, training, load_data(Digits()), folder=tmp_path, seed=0, study="s")

    assert read_header(epoch_path(tmp_path, 30)).accuracy >= bar


TRAINED: dict[str, dict[str, Any]] = {
    "if": {"neuron": {"kind": "dsr-if", "threshold": 0.4}},
    "lif": {"neuron": {"kind": "dsr-lif"}, "decoding": "weighted-rate"},
}


def train(
    folder: Path, network: NetworkSpec, should_stop: Callable[[], bool] | None = None
) -> dict[str, bytes]:
    training = TrainingSpec(epochs=2, batch_size=12, lr=0.1, method=Backprop(optimizer="sgd"))
    train_network(
        network, training, toy_data(), folder=folder, seed=0, study="s", should_stop=should_stop
    )
    return {path.name: path.read_bytes() for path in list_epochs(folder).values()}


@pytest.mark.parametrize("name", TRAINED)
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path, name: str) -> None:
    network = spec(channels=(3,), hidden=(6,), time_steps=5, **TRAINED[name])
    expected = train(tmp_path / "whole", network)
    for steps in KILLED_AFTER:
        left = iter(range(steps))
        with pytest.raises(InterruptedError):
            train(tmp_path / str(steps), network, lambda left=left: next(left, None) is None)  # type: ignore[misc]
        assert train(tmp_path / str(steps), network) == expected


@pytest.mark.parametrize("name", TRAINED)
def test_a_learned_threshold_is_the_checkpoints(tmp_path: Path, name: str) -> None:
    network = spec(channels=(3,), hidden=(6,), time_steps=5, **TRAINED[name])
    train(tmp_path, network)
    first, last = (load_checkpoint(epoch_path(tmp_path, epoch))[0] for epoch in (0, 2))
    changed = [
        key for key in first if "threshold" in key and not torch.equal(first[key], last[key])
    ]
    assert changed

    loaded = load_network(epoch_path(tmp_path, 2), network, (1, 8, 8), 2)
    assert all(torch.equal(value, last[key]) for key, value in loaded.state_dict().items())
    other = dataclasses.replace(network, neuron=type(network.neuron)(alpha=0.9))  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"alpha is .* not 0\.89"):
        load_network(epoch_path(tmp_path, 2), other, (1, 8, 8), 2)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("backend", ["eager", "compiled"])
def test_step_after_step_there_is_no_such_gradient(tmp_path: Path, name: str, backend: str) -> None:
    network = spec(channels=(3,), hidden=(6,), time_steps=5, **TRAINED[name])
    training = TypeAdapter(TrainingSpec).validate_python({"backend": backend})
    with pytest.raises(ValueError, match="a gradient over the whole sequence alone; choose fused"):
        train_network(network, training, toy_data(), folder=tmp_path, seed=0, study="s")
