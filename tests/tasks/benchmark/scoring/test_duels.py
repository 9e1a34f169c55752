"""Rows in which methods had different numbers of images, on made-up results."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter

from spikeatlas.tasks.benchmark.matrix import DuelSpec, PursuitSpec
from spikeatlas.tasks.benchmark.scoring.duels import duel_rows
from spikeatlas.tasks.benchmark.scoring.target_row import TargetRow
from tests.tasks.benchmark.scoring.made_up import BUDGET, results, search

# the rivals' best so far is a tenth of their end after each tenth of their images
RACE = results(
    search("twin", [0.5, 0.9], share=True, knowledge="recordings"),
    search("ga", [0.6, 0.8], share=True),
    search("random", [0.8, 0.2], share=True),
)


def rows(duels: list[DuelSpec], pursuits: list[PursuitSpec]) -> list[TargetRow]:
    return list(duel_rows(RACE, duels, pursuits))


def duel(**fields: object) -> DuelSpec:
    return TypeAdapter(DuelSpec).validate_python({"subject": "twin", **fields})


def test_the_best_rival_of_each_neuron_counts() -> None:
    (row,) = rows([duel(rivals=["ga", "random"], higher=0.5, lower=0.5)], [])
    assert row.value == pytest.approx(0.5)
    assert row.met
    assert row.losing == ("seed 1 conv1/4",)
    assert row.target == "twin, sharing: higher than the best of ga, random"
    assert row.goal == ">= 50 %, lower on <= 50 %"
    assert row.note == "1 wins, 0 ties, 1 losses; more wins on 0 of 1 networks"


def test_rivals_are_read_at_fewer_images() -> None:
    early, late = rows([duel(rivals=["ga"], images=8), duel(rivals=["ga"], images=BUDGET)], [])
    # 0.6 * 0.8 and 0.8 * 0.8
    assert early.value == 1
    assert late.value == pytest.approx(0.5)
    assert early.met is None


@pytest.mark.parametrize(("higher", "lower"), [(0.6, None), (None, 0.4)])
def test_what_is_wanted_is_judged(higher: float | None, lower: float | None) -> None:
    (row,) = rows([duel(rivals=["ga"], higher=higher, lower=lower)], [])
    assert row.met is False


def test_a_pursuit_counts_images_until_the_rivals_end() -> None:
    spec = TypeAdapter(PursuitSpec).validate_python({"subject": "twin", "rival": "ga", "images": 9})
    (row,) = rows([], [spec])
    # 0.5 never comes to 0.6; 0.9 passes 0.8 at the ninth of ten images
    assert row.value == np.inf
    assert row.losing == ("seed 1 conv1/4",)
    assert row.note == "never on 1 of 2 neurons"


def test_what_was_not_run_is_not_judged() -> None:
    spec = TypeAdapter(PursuitSpec).validate_python(
        {"subject": "absent", "rival": "ga", "images": 9}
    )
    for row in rows([duel(rivals=["absent"], higher=0.5)], [spec]):
        assert np.isnan(row.value)
        assert row.met is None
