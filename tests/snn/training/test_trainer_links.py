"""Links and gates learn: the bars of digits, with and without them, and the same bytes after a kill.

Nothing here says that one is better than another: at this size none is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from spikeatlas.snn.data import Digits
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.training import (
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    read_header,
    train_network,
)
from tests.snn.nets import toy_data

DIGITS = Digits().load()
PAPER = {"threshold": 0.5, "channels": []}


def trained(folder: Path, network: dict[str, Any], **training: Any) -> tuple[float, SpikingNetwork]:
    """Test accuracy on digits, and the network."""
    spec = TypeAdapter(NetworkSpec).validate_python(network)
    fields = {"epochs": 10, "batch_size": 64, "lr": 4e-3, "surrogate": "rectangle", **training}
    learning = TypeAdapter(TrainingSpec).validate_python(fields)
    train_network(spec, learning, DIGITS, folder=folder, seed=0, study="s")
    path = epoch_path(folder, learning.epochs)
    net = load_network(path, spec, DIGITS.shape, len(DIGITS.classes))
    assert isinstance(net, SpikingNetwork)
    return read_header(path).accuracy, net


@pytest.mark.parametrize("links", ["full", "none"])
def test_a_linked_head_learns_digits(tmp_path: Path, links: str) -> None:
    """ILC-SAN's head, 10 neurons a class and a membrane: reference prototype .969 with links, .971 without."""
    head = {"kind": "population", "links": links, "read": "membrane"}
    network = {**PAPER, "hidden": [128], "time_steps": 5, "neuron": "clif", "decoding": head}

    accuracy, _ = trained(tmp_path, network, epochs=12)

    assert accuracy >= 0.94


def test_populations_do_with_few_steps(tmp_path: Path) -> None:
    few, many = (
        trained(
            tmp_path / str(size),
            {
                "channels": [],
                "hidden": [128],
                "time_steps": steps,
                "decoding": {"kind": "population", "size": size},
            },
            surrogate="fast-sigmoid",
        )[0]
        for size, steps in ((10, 5), (1, 25))
    )

    assert many >= 0.94
    assert few >= many - 0.01


@pytest.mark.parametrize(
    ("back", "ei"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_gates_learn_digits(tmp_path: Path, *, back: bool, ei: bool) -> None:
    """BackEISNN: reference prototype .971 plain, .967 with one gate, .951 with both."""
    network = {
        "threshold": 0.5,
        "channels": [16],
        "hidden": [],
        "time_steps": 8,
        "neuron": {"kind": "backei", "back": back, "ei": ei},
        "decoding": "membrane",
    }

    accuracy, net = trained(tmp_path, network, lr=6e-3)

    assert accuracy >= 0.92
    inputs = net.normalise(torch.from_numpy(DIGITS.test.images[:100]))[None]
    with torch.no_grad():
        spikes = next(iter(net))(inputs, net.time_steps)
    negative = float((spikes[spikes != 0] < 0).float().mean())
    assert 0.01 < negative < 0.99 if ei else negative == 0


def after(steps: int) -> Callable[[], bool]:
    rest = iter(range(steps))
    return lambda: next(rest, None) is None


@pytest.mark.parametrize(
    "network",
    [
        {"neuron": "backei"},
        {"neuron": "clif", "decoding": {"kind": "population", "size": 3, "links": "full"}},
        {"decoding": {"kind": "population", "size": 2, "links": "no-self", "read": "membrane"}},
    ],
    ids=["backei", "clif, linked", "leaky, linked"],
)
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path, network: dict[str, Any]) -> None:
    fields = {"channels": [3, 4], "hidden": [6], "time_steps": 5, "threshold": 0.5, **network}
    spec = TypeAdapter(NetworkSpec).validate_python(fields)

    def files(folder: Path, should_stop: Callable[[], bool] | None = None) -> dict[str, bytes]:
        training = TrainingSpec(epochs=2, batch_size=12)
        train_network(
            spec,
            training,
            toy_data(),
            folder=folder,
            seed=0,
            study="s",
            epochs=(0.25, 1.5),
            should_stop=should_stop,
        )
        return {path.name: path.read_bytes() for path in list_epochs(folder).values()}

    expected = files(tmp_path / "whole")
    assert len(set(expected.values())) == 5
    for steps in range(8):
        folder = tmp_path / str(steps)
        with pytest.raises(InterruptedError):
            files(folder, after(steps))
        assert files(folder) == expected
