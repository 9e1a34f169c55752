from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.benchmark.comparison import compare, read_comparison, read_pieces
from spikeatlas.flows.benchmark.comparison.pieces import undone
from tests.flows.benchmark.comparison.test_comparison import RAW, written


@pytest.mark.slow
def test_all_pieces_are_measured_once(tmp_path: Path) -> None:
    path = written(tmp_path)
    comparison = read_comparison(path)
    list(compare(comparison))
    before = read_pieces(comparison)

    comparison.result_path(comparison.rows[1], 1).unlink()
    assert [(row.name, seed) for row, seed in undone(comparison)] == [("A & B", 1)]
    list(compare(comparison))

    after = read_pieces(comparison)
    assert [(piece.row, piece.seed) for piece in after] == [
        ("LIF", 0), ("LIF", 1), ("A & B", 0), ("A & B", 1),
    ]  # fmt: skip
    assert after[:3] == before[:3]
    assert after[3].accuracy == before[3].accuracy


@pytest.mark.slow
def test_a_network_that_fails_leaves_the_others(tmp_path: Path) -> None:
    rows = [*RAW["rows"][:1], {"name": "wild", "training": {"lr": 1e30}}]
    comparison = read_comparison(written(tmp_path, rows=rows, seeds=[0]))

    with pytest.raises(
        RuntimeError, match="1 of 2 networks failed: wild, seed 0: training diverged"
    ):
        list(compare(comparison))
    assert [piece.row for piece in read_pieces(comparison)] == ["LIF"]
