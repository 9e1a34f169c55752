"""The numbers of a cell as text: what comes back, and what is looked up."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from spikeatlas.tasks.benchmark.cell_piece import (
    CellPiece,
    cell_piece,
    looked_up,
    piece_path,
)
from spikeatlas.tasks.benchmark.piece_file import read_piece, write_piece
from spikeatlas.tasks.benchmark.results import COUNTS, TIMES, CellMeasurement
from tests.tasks.benchmark.test_matrix import cells

CELL = cells()["seed-1.conv1.main.screened.shared.0"]
TOTALS = dict.fromkeys(TIMES, 1.5) | dict.fromkeys(COUNTS, 200.0)


def measurement(history: np.ndarray) -> CellMeasurement:
    ends = np.array(history[:, -1], np.float32)
    return CellMeasurement(np.array([5, 3]), ends, ends, ends, ends, history, TOTALS)


def climb(budget: int) -> np.ndarray:
    steps = np.random.default_rng(0).random((2, budget), np.float32)
    history = np.maximum.accumulate(steps / 3, axis=1)
    history[1, :3] = np.nan
    return history


def test_a_piece_comes_back_as_it_was(tmp_path: Path) -> None:
    whole = measurement(climb(1000))
    piece = cell_piece(whole, key="k", network="n", generator="g")
    write_piece(piece_path(tmp_path, CELL), piece)
    back = read_piece(piece_path(tmp_path, CELL), CellPiece)
    assert back is not None
    assert (back.key, back.network, back.generator) == ("k", "n", "g")
    for name in ("neuron", "response", "level", "natural", "encoded"):
        assert np.array_equal(getattr(back.measurement, name), getattr(whole, name)), name
    assert back.measurement.totals == TOTALS
    counts = looked_up(1000)
    kept = [count - 1 for count in counts]
    assert np.array_equal(back.measurement.history[:, kept], whole.history[:, kept], equal_nan=True)
    # between these, what was known at the last one
    assert (np.nan_to_num(back.measurement.history) <= np.nan_to_num(whole.history)).all()
    assert piece_path(tmp_path, CELL).stat().st_size < 4000


@pytest.mark.parametrize("budget", [1, 7, 10, 11, 300, 1000])
def test_histories_are_looked_up_from_the_first_image_to_the_last(budget: int) -> None:
    counts = looked_up(budget)
    assert counts == sorted(set(counts))
    assert counts[0] == 1
    assert counts[-1] == budget
    assert all(
        after <= before + max(1, before * 0.1) for before, after in itertools.pairwise(counts)
    )
