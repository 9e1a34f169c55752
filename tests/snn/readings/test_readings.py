"""Readings: their formulas by hand, their units, what they refuse, and how a study names them."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from spikeatlas.snn.layer_info import LayerInfo, Unit, spike_unit
from spikeatlas.snn.readings import (
    RATE,
    READINGS,
    LatencyReading,
    Reading,
    TrainReading,
    UnitChoice,
    WindowReading,
)
from spikeatlas.snn.registry import SPEC

T = 8
LAYERS = {
    "conv1": LayerInfo(4, (3, 5), spike_unit(T, (3, 5))),
    "fc1": LayerInfo(6, (), spike_unit(T)),
}
READ: tuple[TrainReading, ...] = (RATE, LatencyReading(), WindowReading(start=2, stop=5))
POPULATION = {"kind": "population", "groups": {"fc1": [[0, 1, 2], [5, 3]], "conv1": [[1]]}}
DIFFERENCE = {"kind": "difference", "pairs": {"fc1": [[0, 4], [5, 3]]}}


@dataclass(frozen=True, config=SPEC)
class Section:
    """As a study's section has them."""

    reading: Reading = RATE
    unit: UnitChoice = "channel"


def trains(seed: int = 0, *, signed: bool = False) -> torch.Tensor:
    draws = np.random.default_rng(seed).random((T, 3, 4, 3, 5))
    spikes = (draws < 0.2).astype(np.float32)
    if signed:
        spikes -= draws > 0.85
    return torch.from_numpy(spikes)


def by_hand(reading: TrainReading, train: list[float]) -> float:
    if isinstance(reading, LatencyReading):
        steps = [step for step, spike in enumerate(train) if spike != 0]
        return 1 - steps[0] / T if steps else 0.0
    if isinstance(reading, WindowReading):
        return sum(train[2:5]) / 3
    return sum(train) / T


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("reading", READ, ids=lambda reading: reading.kind)
def test_the_formula_at_every_position(reading: TrainReading, *, signed: bool) -> None:
    spikes = trains(signed=signed)

    values = reading.finish(reading.fold(None, spikes, 0), T)

    assert values.dtype == torch.float64
    for place in np.ndindex(*values.shape):
        expected = by_hand(reading, [float(spikes[(step, *place)]) for step in range(T)])
        assert math.isclose(float(values[place]), expected, abs_tol=1e-15)


@pytest.mark.parametrize("cuts", [(1,) * T, (3, 1, 4), (7, 1)])
@pytest.mark.parametrize("reading", READ, ids=lambda reading: reading.kind)
def test_steps_may_come_in_any_portions(reading: TrainReading, cuts: tuple[int, ...]) -> None:
    spikes = trains(signed=True)
    value, first = None, 0
    for length in cuts:
        value = reading.fold(value, spikes[first : first + length], first)
        first += length

    assert value is not None
    assert torch.equal(value, reading.fold(None, spikes, 0))


@pytest.mark.parametrize("reading", READ, ids=lambda reading: reading.kind)
def test_responses_lie_in_their_unit_and_on_its_quanta(reading: TrainReading) -> None:
    value = reading.fold(None, trains(), 0)
    unit = reading.layers(LAYERS, T)["conv1"].unit
    responses = reading.responses(value, T)

    assert unit.quantum is not None
    assert unit.top is not None
    assert np.all((responses >= 0) & (responses <= unit.top))
    np.testing.assert_allclose(responses / unit.quantum % 1 % 0.999999, 0, atol=1e-6)
    np.testing.assert_allclose(responses, reading.finish(value, T).mean((2, 3)).numpy())


def test_latency_at_its_ends() -> None:
    spikes = torch.zeros(T, 1, 3)
    spikes[0, 0, 0] = spikes[T - 1, 0, 1] = 1
    reading = LatencyReading()

    assert reading.responses(reading.fold(None, spikes, 0), T).tolist() == [[1, 1 / T, 0]]


def test_a_population_is_the_mean_of_its_neurons() -> None:
    reading = READINGS.read(POPULATION)
    responses = np.random.default_rng(0).random((5, 6)).astype(np.float32)

    assert reading.channels("fc1", [0, 1]) == (0, 1, 2, 5, 3)
    channels = list(reading.channels("fc1", [1, 0]))
    read = reading.combine("fc1", [1, 0], responses[:, channels])
    expected = np.stack([responses[:, [5, 3]].mean(1), responses[:, :3].mean(1)], axis=1)
    np.testing.assert_allclose(read, expected, rtol=1e-6)
    assert read.dtype == np.float32
    info = reading.layers(LAYERS, T)["fc1"]
    assert info == LayerInfo(2, (), Unit(f"{Unit().name}, mean of a group", 1 / T / 3))


def test_a_difference_is_signed() -> None:
    reading = READINGS.read(DIFFERENCE)
    responses = np.random.default_rng(0).random((5, 6)).astype(np.float32)

    read = reading.combine("fc1", [0, 1], responses[:, list(reading.channels("fc1", [0, 1]))])

    np.testing.assert_array_equal(read, responses[:, [0, 5]] - responses[:, [4, 3]])
    layers = reading.layers(LAYERS, T)
    assert list(layers) == ["fc1"]
    assert (layers["fc1"].unit.bottom, layers["fc1"].unit.top) == (-1, 1)
    assert layers["fc1"].neurons == 2


def test_groups_of_groups() -> None:
    reading = READINGS.read(
        {"kind": "difference", "pairs": {"fc1": [[1, 0]]}, "reading": POPULATION}
    )
    responses = np.random.default_rng(0).random((5, 6)).astype(np.float32)

    channels = list(reading.channels("fc1", [0]))
    read = reading.combine("fc1", [0], responses[:, channels])[:, 0]

    np.testing.assert_allclose(
        read, responses[:, [5, 3]].mean(1) - responses[:, :3].mean(1), atol=1e-6
    )
    assert reading.trains == RATE


def test_a_bit_depends_on_nothing_but_the_row() -> None:
    reading = READINGS.read({"kind": "population", "groups": {"fc1": [list(range(40))]}})
    responses = np.random.default_rng(0).random((9, 40)).astype(np.float32)

    together = reading.combine("fc1", [0], responses)
    alone = [reading.combine("fc1", [0], responses[row : row + 1]) for row in range(9)]

    np.testing.assert_array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ({"kind": "window", "start": 3, "stop": 3}, "the window holds no step"),
        ({"kind": "population", "groups": {"fc1": [[1, 1]]}}, "names a neuron twice"),
        ({"kind": "population", "groups": {"fc1": [[]]}}, "at least 1"),
        ({"kind": "difference", "pairs": {"fc1": [[2, 2]]}}, "differs from itself by 0"),
        ({"kind": "difference", "pairs": {}}, "at least 1"),
        ({"kind": "population", "groups": {"fc1": [[1]]}, "reading": "lat"}, "did you mean"),
        ("latncy", "did you mean latency"),
    ],
)
def test_fields_that_say_nothing_are_refused(kind: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        READINGS.read(kind)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ({"kind": "window", "start": 3, "stop": 9}, "stop of the window is 9.* runs 8 time steps"),
        ({"kind": "population", "groups": {"fc2": [[1]]}}, "names layer 'fc2'.* has conv1, fc1"),
        ({"kind": "difference", "pairs": {"fc1": [[2, 6]]}}, "neuron 6 of layer 'fc1'.* 0 to 5"),
        (
            {"kind": "difference", "pairs": {"fc1": [[0, 2]]}, "reading": POPULATION},
            "neuron 2 of layer 'fc1'.* has 2",
        ),
        (
            {
                "kind": "population",
                "groups": {"fc1": [[0]]},
                "reading": DIFFERENCE | {"pairs": {"conv1": [[0, 1]]}},
            },
            "names layer 'fc1', but the network has conv1",
        ),
    ],
)
def test_networks_that_cannot_be_read_so(kind: Any, sentence: str) -> None:
    problems = READINGS.read(kind).problems(LAYERS, T)

    assert len(problems) == 1
    assert re.search(sentence, problems[0])


@pytest.mark.parametrize("kind", ["latency", "window", {**POPULATION, "reading": "latency"}])
def test_what_has_no_spikes_over_time_has_a_rate_alone(kind: Any) -> None:
    reading = READINGS.read(kind)
    other = {name: LayerInfo(6, (), Unit("spikes/s", None, None)) for name in LAYERS}

    assert "knows no time steps" in reading.problems(LAYERS, None)[0]
    assert "responses are in spikes/s; use rate" in reading.problems(other, T)[0]
    assert RATE.problems(other, None) == []
    assert READINGS.read(DIFFERENCE).problems(other, None) == []
    assert READINGS.read(DIFFERENCE).layers(other, None)["fc1"].unit.top is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "kind", ["rate", "latency", POPULATION, DIFFERENCE, {"kind": "window", "stop": 3}]
)
@pytest.mark.parametrize("unit", ["channel", "centre", [1, 2]])
def test_a_study_keeps_them(kind: Any, unit: Any) -> None:
    adapter = TypeAdapter(Section)
    section = adapter.validate_python({"reading": kind, "unit": unit})

    assert adapter.validate_json(adapter.dump_json(section)) == section
    assert adapter.json_schema()
    assert isinstance(hash(section), int)
