"""Training of each kind is timed both ways, on networks of each shape."""

from __future__ import annotations

import pytest
from torch import nn

from spikeatlas.flows.benchmark.modes import kind_training
from spikeatlas.flows.benchmark.modes.kind_training import (
    KINDS,
    SHAPES,
    TrainingShape,
    kind_network,
    time_training_kinds,
)

TINY = TrainingShape(
    "tiny", (1, 8, 8), 3, {"channels": (2,), "hidden": (), "time_steps": 2}, codings=("current",)
)


def test_every_kind_has_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    units = TINY._replace(name="units", fields={**TINY.fields, "channels": ()})
    monkeypatch.setattr(kind_training, "SHAPES", (TINY, units))
    monkeypatch.setattr(kind_training, "one_thread", lambda: None)
    text = "\n".join(time_training_kinds(rounds=1))

    for kind in KINDS:
        # gates need maps
        assert text.count(f"\n| {kind.name} |") == (1 if kind.name == "backei" else 2)


def test_mangos_network_goes_without_padding() -> None:
    network = kind_network(SHAPES[-1], KINDS[0], "current")
    assert network is not None
    layers = list(network)
    assert [layer.size for layer in layers] == [200, 64, 100, 10]
    assert layers[2].operator.weight.shape == (100, 1600)
    convolutions = [layer.operator for layer in layers if isinstance(layer.operator, nn.Conv2d)]
    assert {operator.padding for operator in convolutions} == {(0, 0)}
