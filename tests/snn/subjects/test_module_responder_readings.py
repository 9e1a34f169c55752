"""Readings and positions of modules' layers, by hooks, against what a user would note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from spikeatlas.snn.readings import RATE, READINGS
from spikeatlas.snn.subjects import Showing, Subject, probe_problems, read_source
from spikeatlas.snn.subjects.module import ModuleSpec
from tests.networks.snntorch_nets import Tutorial
from tests.snn.nets import noise_images, toy_data

IMAGES = noise_images(6)


def tutorial() -> Tutorial:
    torch.manual_seed(0)
    return Tutorial()


def small_ann() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2))


def source(factory: str) -> Any:
    fields = {"kind": "module", "factory": f"{__name__}:{factory}", "normalise": "none"}
    spec = TypeAdapter(ModuleSpec).validate_python({**fields, "reference": {"images": 40}})
    return spec.source(toy_data(), Path())


@pytest.mark.parametrize("unit", ["channel", "centre", (0, 1)])
@pytest.mark.parametrize("kind", ["rate", "latency", {"kind": "window", "start": 2, "stop": 7}])
def test_spikes_are_read_as_by_hand(kind: Any, unit: Any) -> None:
    reading = READINGS.read(kind)
    subject: Subject = read_source(source("tutorial"), reading, unit).open(0)
    neurons = {"lif1": [3, 1], "lif3": range(10)}
    with torch.no_grad():
        record = tutorial().record(torch.from_numpy(IMAGES) / 255)

    responses = subject.responses(IMAGES, neurons, Showing(batch_size=6))

    for name, row in neurons.items():
        value = reading.trains.fold(None, record[name], 0)
        expected = reading.trains.responses(value, 10, unit)[:, list(row)]
        np.testing.assert_array_equal(responses[name], expected.astype(np.float32))
        assert expected.any()
    if reading != RATE:
        line = subject.responder(neurons, Showing()).describe()[0]
        assert f"(reading {reading.kind}, unit {unit})" in line


def test_a_position_of_a_layer_that_does_not_spike_has_a_reference_of_its_own() -> None:
    made = source("small_ann")
    whole = made.open(0)
    activity = whole.activity(toy_data().train.images, ["1"], "centre")["1"]
    subject = read_source(made, RATE, "centre").open(0)

    responses = subject.responses(toy_data().train.images, {"1": range(3)})["1"]

    quantile = np.quantile(activity, 0.99, axis=0)
    reference = np.where(quantile > 0, quantile, 1)
    assert (quantile > 0).any()
    np.testing.assert_allclose(responses, activity / reference, rtol=1e-5)
    assert subject.layers["1"].map == ()
    assert "at the map's centre" in subject.layers["1"].unit.name
    assert "knows no time steps" in probe_problems(made, READINGS.read("latency"), "channel")[0]
