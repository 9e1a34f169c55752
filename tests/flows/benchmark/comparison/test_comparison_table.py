from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from spikeatlas.flows.benchmark.comparison import Piece, comparison_table, read_comparison
from spikeatlas.tasks.analysis.intervals import over_seeds
from tests.flows.benchmark.comparison.test_comparison import written


def piece(row: str, seed: int, accuracy: float) -> Piece:
    return Piece(row, seed, "", accuracy, 0.1, {"fc1": 0.25}, {"fc1": 0.5}, 1.0, 30.0, 10.0, {})


def test_the_interval_is_student_s_of_paired_differences() -> None:
    _, low, high = over_seeds(np.array([1.0, 2.0, 3.0]))

    assert low == pytest.approx(2 - 4.302653 / 3**0.5, rel=1e-6)
    assert high == pytest.approx(2 + 4.302653 / 3**0.5, rel=1e-6)


def test_each_row_stands_beside_its_control(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path))
    pieces = [
        piece("LIF", 0, 0.90), piece("LIF", 1, 0.92), piece("A & B", 0, 0.89), piece("A & B", 1, 0.91)
    ]  # fmt: skip

    first, second = comparison_table(comparison, pieces).splitlines()[2:]

    assert first == "| LIF | 0.910 (0.900, 0.920) | 0.250 | 0.50 | 30.0 | 10.0 | 3.0x |  |"
    assert second.endswith("| LIF -1.00 (-1.00 to -1.00), within 2 |")


def test_a_row_beyond_its_margin_is_told(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path))
    pieces = [
        piece("LIF", 0, 0.90), piece("LIF", 1, 0.92), piece("A & B", 0, 0.89), piece("A & B", 1, 0.80)
    ]  # fmt: skip

    assert "NOT within 2" in comparison_table(comparison, pieces)
    assert "within" not in comparison_table(comparison, pieces[:3])


def test_conditions_are_columns(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path))
    numbers = dataclasses.replace(piece("LIF", 0, 0.9), robust={"noise 0.1": 0.75})

    head, _, row = comparison_table(comparison, [numbers]).splitlines()

    assert head.startswith("| network | accuracy | noise 0.1 | active")
    assert row.startswith("| LIF | 0.900 (0.900) | 0.750 | ")


def test_bars_and_papers_numbers_stand_beside_ours(tmp_path: Path) -> None:
    rows = [
        {"name": "A", "least": 0.9, "reported": 0.9004},
        {"name": "B", "least": 0.95},
        {"name": "C"},
    ]
    comparison = read_comparison(written(tmp_path, rows=rows))
    pieces = [piece(name, seed, 0.9 + seed / 50) for name in "ABC" for seed in (0, 1)]

    head, _, first, second, third = comparison_table(comparison, pieces).splitlines()

    assert head.startswith("| network | accuracy | least | reported | active")
    assert first.startswith("| A | 0.910 (0.900, 0.920) | 0.900, reached | 0.900 | 0.250")
    assert second.startswith("| B | 0.910 (0.900, 0.920) | 0.950, NOT reached |  | 0.250")
    assert third.startswith("| C | 0.910 (0.900, 0.920) |  |  | 0.250")


def test_a_method_without_a_loop_has_no_ratio(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path))
    numbers = dataclasses.replace(piece("LIF", 0, 0.9), loop_steps_a_second=None)

    row = comparison_table(comparison, [numbers]).splitlines()[2]

    assert row == "| LIF | 0.900 (0.900) | 0.250 | 0.50 | 30.0 |  |  |  |"


def test_units_that_are_left_are_a_column_where_a_row_cuts_some(tmp_path: Path) -> None:
    prune = {"callbacks": [{"kind": "prune", "sparsity": 0.5}]}
    comparison = read_comparison(
        written(tmp_path, rows=[{"name": "LIF"}, {"name": "cut", "training": prune}])
    )
    numbers = [
        dataclasses.replace(piece("cut", seed, 0.9), units={"conv1": 3, "fc1": size})
        for seed, size in ((0, 4), (1, 6))
    ]

    head, _, row = comparison_table(comparison, numbers).splitlines()

    assert head.startswith("| network | accuracy | units | active")
    assert row.startswith("| cut | 0.900 (0.900, 0.900) | 3, 5 | ")
    assert "units" not in comparison_table(read_comparison(written(tmp_path)), numbers)


@pytest.mark.parametrize(("most", "verdict"), [(0.5, "reached"), (0.4, "NOT reached")])
def test_units_that_are_left_stand_beside_their_bar(
    tmp_path: Path, most: float, verdict: str
) -> None:
    prune = {"callbacks": [{"kind": "prune", "sparsity": 0.5}]}
    network = {"channels": [4], "hidden": [12]}
    rows = [{"name": "cut", "network": network, "training": prune, "most_units": most}]
    comparison = read_comparison(written(tmp_path, rows=rows))
    numbers = dataclasses.replace(piece("cut", 0, 0.9), units={"conv1": 3, "fc1": 5})
    assert f"| 3, 5: 50%, at most {most:.0%} {verdict} |" in comparison_table(comparison, [numbers])


def test_gaps_under_noise_and_attacks_are_a_table_of_their_own(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path))
    rates = {("LIF", 0): 0.5, ("LIF", 1): 0.6, ("A & B", 0): 0.6, ("A & B", 1): 0.72}
    numbers = [
        dataclasses.replace(piece(row, seed, 0.9), robust={"noise 0.1": rate})
        for (row, seed), rate in rates.items()
    ]

    _, gaps = comparison_table(comparison, numbers).split("\n\n")

    head, _, row = gaps.splitlines()
    assert head == "| gap to a control, points | control | noise 0.1 |"
    _, low, high = over_seeds(np.array([10.0, 12.0]))
    assert row == f"| A & B | LIF | +11.00 ({low:+.2f} to {high:+.2f}) |"
