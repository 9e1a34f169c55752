"""Planted selectivity is found, at the rates that the docs state."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.benchmark.modes.planted_rates import (
    EFFECT_COLUMNS,
    Score,
    effect_table,
    rate_table,
    rates,
    score,
)
from spikeatlas.flows.benchmark.planted import EPOCHS, NEGATIVES, analyse, plant
from spikeatlas.tasks.inspect.text import as_text


def check_rates(total: Score) -> None:
    assert total.interval("onset within one epoch").effect >= 0.95
    assert total.interval("switch found").effect >= 0.95
    assert total.interval("of these with its classes, within one epoch").effect >= 0.95
    assert total.interval("false among all switches called").effect <= 0.05
    for kind in (*NEGATIVES, "onset"):
        assert total.interval(f"false switch: {kind}").effect <= 0.05, kind
    assert total.interval("MEI change without any (stable, peaks, gain, readout)").effect <= 0.05


def test_planted_neurons_are_found() -> None:
    check_rates(rates(60, range(2), 0.5))


@pytest.mark.slow
def test_planted_neurons_are_found_at_full_size() -> None:
    total = rates(200, range(20), 0.5)
    check_rates(total)
    # also the ends of the intervals
    assert total.interval("switch found").low >= 0.95
    assert total.interval("false among all switches called").high <= 0.05


def test_without_an_effect_nothing_is_found() -> None:
    total = rates(40, range(1), 0.0)
    assert total.counts["switch found"][0] == 0
    assert total.counts["onset within one epoch"][0] <= 2


def test_a_wrong_answer_counts_against_it() -> None:
    planted = plant(5, 0.5, np.random.default_rng(0))
    analysis = analyse(planted)
    total = Score()
    analysis["switched"].values[:] = planted.kind == "stable"
    analysis["onset_epoch"].values[:] = EPOCHS[0]
    score(planted, analysis, total)
    assert total.counts["switch found"] == [0, 5]
    assert total.counts["false switch: stable"] == [5, 5]
    assert total.counts["false among all switches called"] == [5, 5]
    assert total.counts["onset within one epoch"] == [0, 5]


def test_the_tables_have_a_row_for_each_question_and_each_effect() -> None:
    total = rates(5, range(1), 0.5)
    text = as_text(rate_table(total))
    assert all(name in text for name in total.counts)
    effects = as_text(effect_table({0.25: total, 0.5: total}))
    assert all(name in effects for name in ("0.25", "0.5", *EFFECT_COLUMNS))
