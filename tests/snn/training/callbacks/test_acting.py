"""Callbacks that act after every step: killed anywhere, a training ends with the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.snn.networks import Architecture, NetworkSpec, ResNetArchitecture, SpikingNetwork
from spikeatlas.snn.training import (
    BACKENDS,
    TRAINING_METHODS,
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    train_network,
)
from tests.snn.nets import toy_data

FIELDS: dict[str, Any] = {"time_steps": 4, "threshold": 0.5, "norm": "batch"}
SPEC = NetworkSpec(channels=(5,), hidden=(12,), **FIELDS)
GATED: dict[str, Any] = {"neuron": "backei"}
CALLBACKS: dict[str, Any] = {
    "demp": {"kind": "demp", "penalty": 60.0, "noise": 0.05, "every": 3, "images": 16},
    "magnitude": {"kind": "prune", "sparsity": 0.5, "at": 0.4},
    "random": {"kind": "prune", "sparsity": (0.2, 0.75), "by": "random", "at": 0.4},
    "own": "tests.snn.brought:Steady",
}


def train(folder: Path, callback: Any, stop_after: int | None = None) -> list[bytes]:
    """Checkpoints of a training of 8 steps; it is stopped before step ``stop_after``."""
    rest = iter(range(stop_after if stop_after is not None else 999))
    train_network(
        SPEC,
        TrainingSpec(epochs=2, batch_size=12, lr=0.2, callbacks=(callback,)),
        toy_data(),
        folder=folder,
        seed=0,
        study="s",
        should_stop=lambda: next(rest, None) is None,
    )
    return [path.read_bytes() for path in list_epochs(folder).values()]


@pytest.mark.parametrize("name", CALLBACKS)
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path, name: str) -> None:
    whole = train(tmp_path / "whole", CALLBACKS[name])
    for steps in (0, 2, 4, 7):
        folder = tmp_path / str(steps)
        with pytest.raises(InterruptedError):
            train(folder, CALLBACKS[name], steps)
        assert train(folder, CALLBACKS[name]) == whole

    network = load_network(epoch_path(tmp_path / "whole", 2), SPEC, (1, 8, 8), 2)
    assert isinstance(network, SpikingNetwork)
    sizes = network.sizes
    expected = {"magnitude": {"conv1": 3, "fc1": 6}, "random": {"conv1": 4, "fc1": 3}}
    if name == "demp":
        assert sizes["conv1"] + sizes["fc1"] < 17
    else:
        assert sizes == {"conv1": 5, "fc1": 12, "out": 2} | expected.get(name, {})


def test_each_acts_otherwise(tmp_path: Path) -> None:
    ends = [train(tmp_path / name, callback)[-1] for name, callback in CALLBACKS.items()]
    assert len(set(ends)) == len(ends)


@pytest.mark.parametrize(
    ("network", "fields", "part"),
    [
        (ResNetArchitecture(), {}, "demp: units are cut out of layers in a row alone"),
        (
            NetworkSpec(**GATED),
            {},
            "demp: network.neuron: no unit can be cut out with backei",
        ),
        (NetworkSpec(channels=(), hidden=()), {}, "demp: .* the output is not cut"),
        (
            SPEC,
            {"callbacks": ({"kind": "prune", "sparsity": (0.5,)},)},
            "sparsity has 1 values: give one for all, or one for each of the 2 hidden layers conv1, fc1",
        ),
        (SPEC, {"backend": BACKENDS.read("compiled")}, "training.backend: with compiled, no callback can"),
        (
            SPEC,
            {"method": TRAINING_METHODS.read("tests.snn.brought:SignDescent")},
            "training.method: with tests.snn.brought:SignDescent, no callback can",
        ),
    ],
)  # fmt: skip
def test_what_keeps_them_from_acting(
    network: Architecture, fields: dict[str, Any], part: str
) -> None:
    spec = TrainingSpec(**{"callbacks": ("demp",), **fields})
    (problem,) = spec.problems(network)
    assert problem.startswith("training.")
    assert pytest.raises(AssertionError, match=part).matches(AssertionError(problem))


def test_networks_without_such_problems_have_none() -> None:
    callbacks: Any = ("demp", {"kind": "prune", "sparsity": 0.5})
    assert TrainingSpec(callbacks=callbacks).problems(SPEC) == []
