from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.benchmark.modes.rules import importance_worth as mode
from spikeatlas.snn.data import Split
from spikeatlas.snn.training import TrainingSpec
from tests.snn.importance.digit_networks import accuracy_without, digits, trained

RELU = {"neuron": "relu", "time_steps": 1, "decoding": "membrane"}


def test_a_table_of_each_part_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mode, "NETWORKS", {"leaky": {"hidden": (mode.UNITS,), **RELU}})
    monkeypatch.setattr(mode, "OTHERS", {"small": {"hidden": (16,), **RELU}})
    monkeypatch.setattr(mode, "SEEDS", (0,))
    monkeypatch.setattr(mode, "STRENGTHS", (0.1,))
    monkeypatch.setattr(mode, "COSTED", 4)
    monkeypatch.setattr(mode, "COSTED_STEPS", 2)
    monkeypatch.setattr(mode, "RANDOM_QUARTERS", 2)
    monkeypatch.setattr(mode, "TRAINING", TrainingSpec(epochs=1, batch_size=64))
    monkeypatch.setattr(mode, "one_thread", lambda: None)

    text = "\n".join(mode.weigh_importance())

    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| leaky")]
    assert [len(row) for row in rows] == [12, 7, 7]
    assert "| small | leaky 128 | 0.1 |" in text
    assert "CPU-seconds, the exact path integral" in text


def test_the_worth_of_a_network_s_quarters() -> None:
    net, test = trained(neuron="relu", time_steps=1, decoding="membrane"), digits().test
    some = Split(test.images[:200], test.labels[:200])

    worth = mode.worth_of(net, some)

    assert worth.rho["ablation"] == pytest.approx(1)
    assert worth.first.keys() == worth.last.keys() == {*mode.MEASURES, "ablation"}
    assert worth.first[mode.BEST] < worth.random < worth.intact
    whole = accuracy_without(net, np.arange(5))
    assert mode.accuracy_without(net, test, np.arange(5)) == whole
