"""A subject read in another way is a subject like any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.readings import RATE, READINGS, UnitChoice
from spikeatlas.snn.subjects import Showing
from spikeatlas.snn.subjects.read import read_source, reading_problems
from tests.snn.responder.small import pictures
from tests.snn.subjects.chain_subject import KEY, ChainSource

FIELDS: dict[str, Any] = {"channels": (4, 6), "hidden": (7,), "time_steps": 9}
LATENCY = READINGS.read("latency")
GROUPS = {"kind": "population", "groups": {"conv1": [[0, 2], [1, 2, 3]], "fc1": [[5, 1]]}}
PAIRS = {"kind": "difference", "pairs": {"conv1": [[3, 0], [1, 2]]}, "reading": "latency"}


def read(kind: Any, unit: UnitChoice = "channel") -> Any:
    return read_source(ChainSource(**FIELDS), READINGS.read(kind), unit).open(0)


def test_the_rate_of_channels_is_the_source_itself() -> None:
    source = ChainSource(**FIELDS)

    assert read_source(source) is source
    assert read_source(source, RATE, "channel") is source


def test_all_else_is_the_source_s() -> None:
    source = ChainSource(**FIELDS)
    other = read_source(source, LATENCY, "centre")

    assert other.epochs() == {0.0: None}
    assert (other.digest(0), other.progress(0).step) == ("d" * 64, 3)
    assert (other.problems([0]), other.unreadable()) == (["a problem"], {1.0: "half"})
    for reader in (other, other.open(0), other.example()):
        assert (reader.input_shape, reader.time_steps, reader.classes) == ((1, 8, 8), 9, 5)
        assert reader.layers["conv1"].map == ()
        assert reader.layers["conv1"].unit.name.startswith("1 - step of the first spike")
        assert reader.layers["conv1"].unit.quantum == pytest.approx(1 / 9)
    assert other.lacks == ("training",)


def test_layers_that_a_reading_leaves_out_are_told_from_those_there_are_not() -> None:
    source = read_source(ChainSource(**FIELDS), READINGS.read(PAIRS))

    assert list(source.layers) == ["conv1"]
    says = "is a layer of which probe.reading (difference) says nothing"
    assert source.hidden == dict.fromkeys(["conv2", "fc1", "out"], says)


@pytest.mark.parametrize("kind", ["auto", "plain"])
@pytest.mark.parametrize("unit", ["channel", "centre", (0, 1)])
def test_groups_are_made_of_what_the_neurons_read(unit: Any, kind: Any) -> None:
    images = pictures("natural", (1, 8, 8), 5)
    showing = Showing(batch_size=4, kind=kind)
    single = read("latency", unit).responses(images, {"conv1": range(4)}, showing)["conv1"]

    pairs = read(PAIRS, unit).responses(images, {"conv1": [1, 0]}, showing)["conv1"]

    np.testing.assert_array_equal(pairs, single[:, [1, 3]] - single[:, [2, 0]])
    assert pairs.any()
    rates = read("rate", unit).responses(images, {"conv1": range(4)}, showing)["conv1"]
    means = read(GROUPS, unit).responses(images, {"conv1": [1], "fc1": [0]}, showing)
    np.testing.assert_allclose(means["conv1"][:, 0], rates[:, 1:].mean(1), rtol=1e-6)
    assert means["fc1"].shape == (5, 1)


def test_groups_of_rates_keep_the_fast_ways() -> None:
    lines = read(GROUPS).responder({"conv1": [0]}, Showing()).describe()

    assert all(line.endswith("; then population") for line in lines)
    assert "whole spike trains" not in lines[0]
    assert "whole spike trains" in read(PAIRS).responder({"conv1": [0]}, Showing()).describe()[0]


def test_a_silenced_group_is_all_its_neurons() -> None:
    subject = read(GROUPS)
    images = pictures("natural", (1, 8, 8), 3)
    showing = Showing(key=KEY)
    base = subject.scores(images, showing)

    # the test's subject adds 1000 times one more than the number of each silent neuron
    assert subject.silenced("conv1", 1).scores(images, showing) - base == pytest.approx(9000)
    without = subject.scores_without(images, {"conv1": [0, 1]}, showing)["conv1"]
    assert [int(scores[0, 0] - base[0, 0]) for scores in without] == [4000, 9000]


@pytest.mark.parametrize(
    ("kind", "unit", "neurons", "sentence"),
    [
        ("rate", (4, 0), {"conv1": [0]}, r"in the maps of conv1 \(4 x 4\)"),
        ("rate", (3, 3), {"conv1": [0], "conv2": [0]}, r"in the maps of conv2 \(2 x 2\)"),
        (
            GROUPS,
            "channel",
            {"conv2": [0]},
            "no layer 'conv2' to read by population: .* conv1, fc1",
        ),
        (GROUPS, "channel", {"conv1": [2]}, r"neurons of layer 'conv1' are \[2\]: .* 0 to 1"),
        (GROUPS, "channel", {"conv1": []}, "at least one of 0 to 1"),
        ({"kind": "window", "stop": 10}, "channel", {"conv1": [0]}, "stop of the window is 10"),
    ],
)
def test_what_cannot_be_read(kind: Any, unit: Any, neurons: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read(kind, unit).responder(neurons, Showing())


def test_only_probed_layers_have_problems() -> None:
    source = ChainSource(**FIELDS)

    assert reading_problems(source, LATENCY, (3, 3), ["conv1"]) == []
    assert len(reading_problems(source, LATENCY, (3, 3))) == 1
    assert len(reading_problems(source, READINGS.read(GROUPS), (3, 3), ["conv1", "fc1"])) == 0
    wrong = READINGS.read({"kind": "population", "groups": {"fc9": [[0]]}})
    assert "fc9" in reading_problems(source, wrong, "channel", ["conv1"])[0]
