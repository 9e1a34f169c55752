"""The plan counts what is left to do, in an atlas that is not there yet, partly there or grown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.cost import blocks_to_search, cost
from spikeatlas.tasks.atlas import write
from tests.tiny import comparing, tiny


@pytest.fixture(autouse=True)
def _no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second an image: what a plan estimates then only depends on what it counts."""
    monkeypatch.setattr("spikeatlas.flows.cost.seconds_per_image", lambda _: 1.0)


def images(raw: dict[str, Any]) -> dict[str, int]:
    """The images of a plan by what they are for."""
    # a long cell goes on in the next line of the table
    row = re.search(r"│ images +│(.*?)│ atlas ", cost(check(raw)), re.DOTALL)
    assert row is not None
    line = re.sub(r"[│\s]+", " ", row[1])
    return {
        name.strip(): int(count.replace(",", ""))
        for count, name in re.findall(r"([\d,]+) ([a-z -]+)", line)
    }


def task_runs(raw: dict[str, Any]) -> int:
    (line,) = [line for line in cost(check(raw)).splitlines() if "task runs" in line]
    (count,) = re.findall(r"\d+", line)
    return int(count)


def test_repeats_are_counted_epoch_by_epoch(tmp_path: Path) -> None:
    found = images(comparing(tmp_path / "run"))

    neurons = 6 + 8
    searches = neurons * (1 + 3 + 1)
    assert found == {
        "search": 20 * searches,
        "screening": 12 * 3 * 3,  # every epoch is screened for three repeats
        "natural": 3 * 120,
        "blank": 3 * 4,
        "cross-responses": 3 * searches,
        "with a neuron silenced": 2 * neurons * 100,
        "importance": 2
        * 100
        * (3 * 5 + 1 + 1),  # forward and backward on the path of naa, its rates, and rate
    }


def test_what_is_not_wanted_is_not_counted(tmp_path: Path) -> None:
    found = images(tiny(tmp_path / "run", analysis={"cross": False}))

    assert set(found) == {"search", "screening", "natural", "blank"}


def test_other_lengths_are_counted_by_their_steps(tmp_path: Path) -> None:
    raw = tiny(tmp_path / "run", analysis={"lengths": [2, 12], "images": 50})
    steps, natural, neurons = raw["network"]["time_steps"], 50, 6 + 8

    expected = 2 * ((natural * 2 + 2 * neurons) * (2 + 12) // steps)
    assert images(raw)["at other lengths"] == expected


def test_a_stochastic_coding_measures_what_is_known_again(tmp_path: Path) -> None:
    found = images(tiny(tmp_path / "run", network={"coding": "poisson"}))

    # four times as long as a search shows them
    assert found["blank"] == 4 * 2 * 4
    assert found["best known"] == 4 * 2 * (6 + 8)


def test_task_runs_are_those_of_a_run(tmp_path: Path) -> None:
    blocks = 3 * (2 + 2)
    # nine of the study as a whole; observe, show blanks, screen, analyze, cross and know of each epoch; ablate of two
    assert task_runs(comparing(tmp_path / "run")) == blocks + 9 + 6 * 3 + 2
    raw = tiny(tmp_path / "run", analysis={"cross": False})
    assert task_runs(raw) == 2 * (2 + 2) + 9 + 5 * 2


def test_a_finished_atlas_has_nothing_to_search(compared: Checked) -> None:
    assert blocks_to_search(compared.run) == []
    assert images(comparing(compared.study.output))["search"] == 0


def test_further_epochs_of_an_atlas_are_counted(compared_copy: Checked) -> None:
    more = check(comparing(compared_copy.study.output, probe={"epochs": [0, 0.5, 1, 2]}))

    assert blocks_to_search(more.run) == more.run.blocks(0.5)


def test_what_failed_is_counted_again(compared_copy: Checked) -> None:
    run = compared_copy.run
    write.mark_failed(run.atlas, run.blocks(2)[1])

    assert blocks_to_search(run) == [run.blocks(2)[1]]
