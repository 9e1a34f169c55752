"""The forecast of a benchmark's time."""

from __future__ import annotations

from spikeatlas.tasks.benchmark.cells import GRADIENT, Cell
from spikeatlas.tasks.benchmark.forecast import Costs, forecast


def cell(label: str, repeat: int = 0, knowledge: str = "space only") -> Cell:
    return Cell(1, "conv1", "main", (0, 1), label, label, knowledge, False, repeat, 50)


COSTS = Costs(0.001, {"conv1": 0.002}, {("tt", False): 0.003, ("guide", False): 0.01})


def test_a_search_pays_for_each_part_and_gradient_ascent_for_its_passes() -> None:
    assert COSTS.of(cell("tt")) == 100 * (0.001 + 0.002 + 0.003)
    assert COSTS.of(cell("guide", knowledge=GRADIENT)) == 100 * 0.01


def test_only_what_is_not_done_takes_time() -> None:
    cells = [cell("tt"), cell("tt", 1)]
    text = forecast(COSTS, cells, cells[1:], workers=2)
    assert "(1 of 2 cells to do)" in text
    row = [part.strip() for line in text.splitlines() if " tt " in line for part in line.split("│")]
    assert row[1:-1] == ["tt", "off", "50", "2", "1", "200", "0.0"]
