"""Files of numbers: what comes back, and what is no such file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from spikeatlas.tasks.benchmark.piece_file import read_piece, write_piece


@dataclass(frozen=True)
class Count:
    name: str
    values: list[float]


def test_numbers_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    write_piece(path, Count("a", [0.1, 2.0]))
    assert read_piece(path, Count) == Count("a", [0.1, 2.0])


@pytest.mark.parametrize("text", ["", "{}", '{"name": "a"}', "[]", '{"name": "a", "sum": 1}'])
def test_what_holds_no_such_numbers_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert read_piece(path, Count) is None
    path.write_text(text)
    assert read_piece(path, Count) is None
