"""Breaking the fast path on purpose is noticed: the equality checks are sharp."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.responder import filters, lookup, train_tables
from spikeatlas.snn.responder.kernels import factorised
from tests.snn.responder.small import compare, network, pictures, prefer


@pytest.fixture(autouse=True)
def plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan for wide networks."""
    prefer(monkeypatch, "trains", "factorised", "patterns")


SPEC: dict[str, Any] = {"shape": (3, 12, 12), "channels": (20, 24), "hidden": (9,)}


def spikes_apart(beta: float) -> int:
    """Spikes that differ; ``beta``: a value of its own for each test, since tables are cached."""
    made = network(**SPEC, beta=beta)
    return compare(made, pictures("noise", SPEC["shape"], 8)).spikes


def test_unbroken() -> None:
    assert spikes_apart(0.9) == 0


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_one_threshold(monkeypatch: pytest.MonkeyPatch, layer: int) -> None:
    values, seen = filters.neuron_values, []

    def shifted(stage: Any, name: str) -> Any:
        seen.append(stage.name)
        factor = (
            1.01
            if name == "threshold" and stage.name == ("conv1", "conv2", "fc1", "out")[layer]
            else 1
        )
        return values(stage, name) * np.float32(factor)

    monkeypatch.setattr(filters, "neuron_values", shifted)
    monkeypatch.setattr(lookup, "neuron_values", shifted)
    assert spikes_apart(0.9) > 0
    assert "conv1" in seen


@pytest.mark.parametrize("layer", ["conv2", "fc1", "out"])
def test_one_reset(monkeypatch: pytest.MonkeyPatch, layer: str) -> None:
    read = filters.layer_weights

    def reset(stage: Any, shape: Any) -> Any:
        weights = read(stage, shape)
        if stage.name == layer:
            object.__setattr__(weights, "zero", True)
        return weights

    monkeypatch.setattr(filters, "layer_weights", reset)
    assert spikes_apart(0.9) > 0


def test_the_first_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    table = train_tables.train_table
    monkeypatch.setattr(lookup, "train_table", lambda *values, zero: table(*values, zero=not zero))
    assert spikes_apart(0.91) > 0


def test_one_decay(monkeypatch: pytest.MonkeyPatch) -> None:
    table = train_tables.train_table

    def slower(beta: float, threshold: float, time_steps: int, *, zero: bool) -> Any:
        return table(beta - 1e-3, threshold, time_steps, zero=zero)

    monkeypatch.setattr(lookup, "train_table", slower)
    assert spikes_apart(0.92) > 0


def test_one_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    respond = factorised.respond

    def shifted(inputs: Any, rises: Any, tiling: Any, dealt: Any, room: Any, *results: Any) -> None:
        late = rises.trains.copy()
        late[len(late) // 2] += 1
        changed = (rises._replace(trains=late), tiling, dealt, room._replace(rises=late))
        respond(inputs, *changed, *results)

    monkeypatch.setattr(factorised, "respond", shifted)
    assert spikes_apart(0.9) > 0


def test_one_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    read = filters.operator_weights

    def changed(stage: Any, shape: Any) -> Any:
        weights = read(stage, shape)
        if stage.name == "conv2":
            weights[3, 1, 1, 5] += 0.5
        return weights

    monkeypatch.setattr(filters, "operator_weights", changed)
    assert spikes_apart(0.9) > 0
