"""What is planted is found, at the rates that the docs state."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.tasks.analysis.planted import (
    EPOCHS,
    KINDS,
    NEGATIVES,
    Score,
    analyse,
    plant,
    rates,
    score,
)


def check_rates(found: Score) -> None:
    assert found.interval("onset within one epoch").effect >= 0.95
    assert found.interval("switch found").effect >= 0.95
    assert found.interval("of these with its classes, within one epoch").effect >= 0.95
    assert found.interval("false among all switches called").effect <= 0.05
    for kind in (*NEGATIVES, "onset"):
        assert found.interval(f"false switch: {kind}").effect <= 0.05, kind
    assert found.interval("MEI change without any (stable, peaks, gain, readout)").effect <= 0.05


def test_planted_neurons_are_found() -> None:
    check_rates(rates(60, range(2), 0.5))


@pytest.mark.slow
def test_planted_neurons_are_found_at_full_size() -> None:
    found = rates(200, range(20), 0.5)
    check_rates(found)
    # also the ends of the intervals
    assert found.interval("switch found").low >= 0.95
    assert found.interval("false among all switches called").high <= 0.05


def test_without_an_effect_nothing_is_found() -> None:
    found = rates(40, range(1), 0.0)
    assert found.counts["switch found"][0] == 0
    assert found.counts["onset within one epoch"][0] <= 2


def test_a_wrong_answer_counts_against_it() -> None:
    planted = plant(5, 0.5, np.random.default_rng(0))
    found = analyse(planted)
    total = Score()
    found["switched"].values[:] = planted.kind == "stable"
    found["onset_epoch"].values[:] = EPOCHS[0]
    score(planted, found, total)
    assert total.counts["switch found"] == [0, 5]
    assert total.counts["false switch: stable"] == [5, 5]
    assert total.counts["false among all switches called"] == [5, 5]
    assert total.counts["onset within one epoch"] == [0, 5]


def test_the_layers_are_what_they_say() -> None:
    planted = plant(4, 0.5, np.random.default_rng(1))
    assert planted.responses.shape == (len(EPOCHS), 1000, 4 * len(KINDS))
    assert ((planted.row >= 0) == np.isin(planted.kind, ("onset", "switch"))).all()
    means = planted.responses.groupby("label").mean("image")
    switch = int(np.flatnonzero(planted.kind == "switch")[0])
    row = planted.row[switch]
    assert means.isel(epoch=row - 1, neuron=switch).argmax("label") == planted.before[switch]
    assert means.isel(epoch=row, neuron=switch).argmax("label") == planted.after[switch]
