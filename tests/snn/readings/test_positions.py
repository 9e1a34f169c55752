"""Positions of maps."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from spikeatlas.snn.layer_info import LayerInfo, spike_unit
from spikeatlas.snn.readings import RATE, at_place, pick, unit_in_vain, unit_problems
from spikeatlas.snn.readings.positions import read_unit

LAYERS = {
    "conv1": LayerInfo(2, (4, 5), spike_unit(8, (4, 5))),
    "fc1": LayerInfo(3, (), spike_unit(8)),
}


def test_what_is_picked() -> None:
    values = torch.arange(40).reshape(1, 2, 4, 5).double()

    assert pick(values, "centre").tolist() == [[12, 32]]
    assert pick(values, (3, 4)).tolist() == [[19, 39]]
    assert pick(values, "channel").tolist() == [[9.5, 29.5]]


@pytest.mark.parametrize("unit", ["channel", "centre", (7, 7)])
def test_units_of_no_map_are_picked_as_they_are(unit: Any) -> None:
    values = torch.rand(3, 6)

    assert torch.equal(pick(values, unit), values)
    assert at_place(LAYERS["fc1"], unit) == LAYERS["fc1"]


def test_at_a_position_one_spike_counts_for_more() -> None:
    info = at_place(LAYERS["conv1"], "centre")

    assert (info.map, info.neurons) == ((), 2)
    assert info.unit.quantum == pytest.approx(1 / 8)
    assert info.unit.name.endswith(", at the map's centre")
    assert at_place(LAYERS["conv1"], (1, 2)).unit.name.endswith(", at row 1, column 2")


@pytest.mark.parametrize("unit", [(4, 0), (0, 5)])
def test_positions_outside_of_a_map(unit: Any) -> None:
    sentence = (
        f"unit is {list(unit)}, row and column from 0: there is no such position in the maps of conv1 (4 x 5); give one that "
        "all of these have, probe other layers, or use centre or channel."
    )
    assert unit_problems(unit, LAYERS) == [sentence]
    assert unit_problems((3, 4), LAYERS) == []
    assert unit_problems("centre", LAYERS) == []


def test_layers_without_the_position_are_named_in_one_sentence() -> None:
    layers = {f"conv{number}": LayerInfo(2, (number, number)) for number in range(1, 6)}
    (sentence,) = unit_problems((9, 9), layers)
    assert "conv1 (1 x 1), conv2 (2 x 2), conv3 (3 x 3), conv4 (4 x 4), conv5 (5 x 5);" in sentence
    assert unit_problems((2, 2), layers)[0].count("conv") == 2
    # a video has no rows and columns alone
    for unit in ((0, 0), "centre"):
        (sentence,) = unit_problems(read_unit(unit), {"video": LayerInfo(2, (3, 4, 5))})
        assert "in the maps of video (3 x 4 x 5)" in sentence


@pytest.mark.parametrize("value", ["middle", [1], [1, -1], [True, 0], [1.0, 0], 3, None, "ab"])
def test_what_is_no_unit(value: object) -> None:
    with pytest.raises(ValueError, match=r"is no unit; write channel .* centre"):
        read_unit(value)


def test_a_position_of_the_smallest_map() -> None:
    value = RATE.fold(None, torch.ones(8, 1, 2, 1, 1), 0)

    assert RATE.responses(value, 8, "centre").tolist() == [[1, 1]]


def test_a_position_is_in_vain_where_no_layer_has_a_map() -> None:
    flat = {"fc": LayerInfo(3, (), spike_unit(8))}

    assert unit_in_vain("channel", flat) == []
    assert unit_in_vain((9, 9), {**LAYERS, **flat}) == []
    for unit, name in (((9, 9), r"\[9, 9\]"), ("centre", "centre")):
        (problem,) = unit_in_vain(unit, flat)  # type: ignore[arg-type]
        assert re.fullmatch(
            rf"unit is {name}, .* no layer .* has one \(fc\): use channel\.", problem
        )
