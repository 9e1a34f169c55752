"""Students are held against images that they never saw: each kind of student, in a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from spikeatlas.flows.benchmark.modes import student_fidelity
from spikeatlas.flows.benchmark.modes.student_fidelity import measure_students, table_of
from spikeatlas.tasks.benchmark.student_fit import StudentFit
from spikeatlas.tasks.inspect.text import as_text
from tests.flows.benchmark.racing.test_race import raw


def rows_of(text: str) -> list[list[str]]:
    lines = [line.replace("|", "│").split("│") for line in text.splitlines()]
    cells = [[cell.strip() for cell in line[1:-1]] for line in lines if len(line) > 2]
    return [row for row in cells if row and "conv" in row[0]]


def test_students_of_each_kind_answer_as_the_network_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student_fidelity, "IMAGES", (100,))
    file = tmp_path / "bench.yaml"
    file.write_text(yaml.safe_dump(raw(tmp_path / "run", layers=["conv1"], reference=None)))

    *_, table = measure_students(file, ["sharing=null", "guide=null"])

    rows = {row[2]: row for row in rows_of(table)}
    assert list(rows) == ["maps", "structure", "numbers"]
    assert all(row[:2] == ["conv1", "100"] for row in rows.values())
    fidelity = {knows: float(row[5]) for knows, row in rows.items()}
    assert all(value > 0.5 for value in fidelity.values()), fidelity


def test_a_neuron_that_answers_all_alike_has_no_correlation() -> None:
    fits = [
        StudentFit("conv1", "maps", 60, np.array([0.2, np.nan]), np.array([0.4, 0.6]), 2.0),
        StudentFit("conv1", "maps", 60, np.array([0.3, 0.4]), np.array([0.5, np.nan]), 4.0),
    ]
    assert rows_of(as_text(table_of(fits))) == [
        ["conv1", "60", "maps", "0.50", "0.45 to 0.55", "0.30", "0.25 to 0.35", "3.0"]
    ]
