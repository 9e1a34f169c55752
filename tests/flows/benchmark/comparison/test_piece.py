from __future__ import annotations

from pathlib import Path

from spikeatlas.flows.benchmark.comparison import read_comparison
from spikeatlas.flows.benchmark.comparison.piece import measure_piece, read_piece
from spikeatlas.snn.robustness import PUBLISHED
from tests.flows.benchmark.comparison.test_comparison import written


def test_a_piece_is_trained_and_measured(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path, data={"dataset": "digits"}, robustness=20))
    row = comparison.rows[0]

    piece = measure_piece(comparison, row, 0)

    assert read_piece(comparison.result_path(row, 0)) == piece
    assert 0.2 < piece.accuracy < 1
    assert 0 < piece.active["fc1"] < 1
    assert min(piece.steps_a_second, piece.loop_steps_a_second, piece.seconds) > 0
    assert 0 < piece.sparsity["fc1"] < 1
    assert piece.robust.keys() == PUBLISHED.keys()
    assert piece.robust["linf 2/255"] <= piece.robust["clean"]
    again = measure_piece(comparison, row, 0)
    assert (again.accuracy, again.loss, again.active) == (piece.accuracy, piece.loss, piece.active)
    assert again.seconds == 0
    assert piece.units == {"fc1": 8}


def test_a_cut_network_is_measured_as_it_is_left(tmp_path: Path) -> None:
    prune = {"callbacks": [{"kind": "prune", "sparsity": 0.5}]}
    comparison = read_comparison(written(tmp_path, rows=[{"name": "cut", "training": prune}]))

    piece = measure_piece(comparison, comparison.rows[0], 0)

    assert piece.units == {"fc1": 4}
    assert 0 < piece.active["fc1"] < 1


def test_numbers_of_another_version_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"row": "LIF"}')

    assert read_piece(path) is None
    assert read_piece(tmp_path / "missing.json") is None
