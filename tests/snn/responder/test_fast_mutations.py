"""Breaking the fast path on purpose is noticed: the equality checks are sharp."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.responder import filters, known_modules, lookup, train_tables
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


@pytest.mark.parametrize("layer", ["conv1", "conv2", "fc1", "out"])
def test_one_threshold(monkeypatch: pytest.MonkeyPatch, layer: str) -> None:
    read, seen = known_modules.layer_neurons, []

    def shifted(stage: Any, time_steps: int) -> Any:
        seen.append(stage.name)
        neurons = read(stage, time_steps)
        neurons.values[[3, 6]] *= np.float32(1.01 if stage.name == layer else 1)
        return neurons

    monkeypatch.setattr(filters, "layer_neurons", shifted)
    monkeypatch.setattr(lookup, "layer_neurons", shifted)
    assert spikes_apart(0.9) > 0
    assert "conv1" in seen


@pytest.mark.parametrize("layer", ["conv2", "fc1", "out"])
def test_one_reset(monkeypatch: pytest.MonkeyPatch, layer: str) -> None:
    read = filters.layer_weights

    def reset(site: Any, feed: Any) -> Any:
        weights = read(site, feed)
        if site.name == layer:
            weights.neurons.codes[2] = 2
        return weights

    monkeypatch.setattr(filters, "layer_weights", reset)
    assert spikes_apart(0.9) > 0


def test_the_first_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    table = train_tables.train_table

    def other(kind: train_tables.NeuronKind, time_steps: int) -> Any:
        codes = (*kind.codes[:2], 3 - kind.codes[2], *kind.codes[3:])
        return table(kind._replace(codes=codes), time_steps)

    monkeypatch.setattr(lookup, "train_table", other)
    assert spikes_apart(0.91) > 0


def test_one_decay(monkeypatch: pytest.MonkeyPatch) -> None:
    table = train_tables.train_table

    def slower(kind: train_tables.NeuronKind, time_steps: int) -> Any:
        values = (kind.values[0] - 1e-3, *kind.values[1:])
        return table(kind._replace(values=values), time_steps)

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

    def changed(stage: Any, shape: Any, feed: Any) -> Any:
        weights = read(stage, shape, feed)
        if stage.name == "conv2":
            weights[3, 1, 1, 5] += 0.5
        return weights

    monkeypatch.setattr(filters, "operator_weights", changed)
    assert spikes_apart(0.9) > 0
