"""The tables on the pages, of networks and of races, are those that the commands print from the numbers in docs/results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from spikeatlas.flows.benchmark.comparison import (
    NetworkComparison,
    Piece,
    comparison_table,
    read_comparison,
    read_pieces,
)
from spikeatlas.flows.benchmark.racing.bench import parse
from spikeatlas.flows.benchmark.racing.race_pieces import read_pieces as read_pieces_of_race
from spikeatlas.flows.benchmark.racing.race_pieces import results_of
from spikeatlas.flows.benchmark.racing.race_report import race_tables
from spikeatlas.flows.study_file import read_study
from tests.pages import PAGES, ROOT


def marked(kind: str) -> list[ParameterSet]:
    """Return the file that a mark of this kind names, and what stands behind it, of every mark on the pages."""
    mark = re.compile(rf"<!-- {kind}: (\S+) -->\n(.*?)<!-- end -->", flags=re.DOTALL)
    return [
        pytest.param(file, text.strip(), id=file)
        for page in PAGES
        for file, text in mark.findall(page.read_text())
    ]


TABLES, RACES = marked("table"), marked("race")


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


@pytest.mark.parametrize(("file", "text"), RACES)
def test_a_race_is_what_the_command_prints(
    file: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    bench = parse(read_study(Path(file), []))
    pieces = read_pieces_of_race(bench)
    assert text == "\n\n".join(race_tables(bench, results_of(bench, pieces))).strip()


def file_of(comparison: NetworkComparison, piece: Piece) -> str:
    row = next(row for row in comparison.rows if row.name == piece.row)
    return comparison.result_path(row, piece.seed).name
