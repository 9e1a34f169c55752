"""Margins that cannot be had: one clear sentence, before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import tiny

MARGIN = {"response": "margin"}


def sentence_of(tmp_path: Path, **sections: Any) -> str:
    with pytest.raises(StudyError) as caught:
        check(tiny(tmp_path / "run", search=MARGIN, **sections))
    assert not (tmp_path / "run").exists()
    (sentence,) = caught.value.problems
    return sentence


def test_a_margin_may_be_searched_with(tmp_path: Path) -> None:
    assert check(tiny(tmp_path / "run", search=MARGIN)).run.search.response == "margin"


@pytest.mark.parametrize("probe", [{"reading": "latency"}, {"unit": "centre"}])
def test_other_readings(tmp_path: Path, probe: dict[str, Any]) -> None:
    sentence = sentence_of(tmp_path, probe=probe)
    assert "margin goes with the rates of neurons and the means over their maps" in sentence
    assert sentence.endswith("leave these out, or set search.response: rate")


def test_numbers_that_are_no_counts(tmp_path: Path) -> None:
    network = {"neuron": "relu", "time_steps": 1, "decoding": "membrane"}
    assert sentence_of(tmp_path, network=network) == (
        "search.response: margin needs responses that are counts of spikes, which those of layer conv2, fc1 are not; "
        "set search.response: rate"
    )


def test_a_network_that_tells_no_currents(tmp_path: Path) -> None:
    sentence = sentence_of(tmp_path, network={"neuron": "tests.snn.own_layers:TwoSided"})
    assert sentence == (
        "search.response: margin needs the input currents and thresholds of the probed neurons, which this network does "
        "not tell; set search.response: rate"
    )
