"""The tables of networks on the pages are those that the command prints from the numbers in docs/results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spikeatlas.flows.benchmark.comparison import (
    NetworkComparison,
    Piece,
    comparison_table,
    read_comparison,
    read_pieces,
)
from tests.pages import PAGES, ROOT

TABLES = [
    pytest.param(comparison, table.strip(), id=comparison)
    for page in PAGES
    for comparison, table in re.findall(
        r"<!-- table: (\S+) -->\n(.*?)<!-- end -->", page.read_text(), flags=re.DOTALL
    )
]


def test_there_are_tables() -> None:
    assert TABLES


@pytest.mark.parametrize(("file", "table"), TABLES)
def test_a_table_is_what_the_command_prints(
    file: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the file names its results from the top
    monkeypatch.chdir(ROOT)
    comparison = read_comparison(Path(file))
    pieces = read_pieces(comparison)
    committed = {path.name for path in comparison.results.glob("*.json")}

    assert {file_of(comparison, piece) for piece in pieces} == committed
    assert table == comparison_table(comparison, pieces)


def file_of(comparison: NetworkComparison, piece: Piece) -> str:
    row = next(row for row in comparison.rows if row.name == piece.row)
    return comparison.result_path(row, piece.seed).name
