"""The forecast of a benchmark's time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.networks import NetworkSite
from spikeatlas.snn.subjects import ChainSpec, ChainSubject
from spikeatlas.tasks.benchmark.cells import GRADIENT, Cell
from spikeatlas.tasks.benchmark.forecast import Costs, calibrate, forecast
from spikeatlas.tasks.workers import models


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


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_each_part_is_timed_whatever_the_coding(made: Checked, coding: str) -> None:
    spec = made.run.network
    assert isinstance(spec, ChainSpec)
    spec = replace(spec, coding="poisson") if coding == "poisson" else spec
    data = models.dataset(made.run.data)
    net = ChainSubject(spec.build(NetworkSite(data.shape, 10, [0.0], [1.0], seed=0)).eval())
    model = models.generator(made.run)
    costs = calibrate(model, net, made.run.responder, [cell("random"), cell("ga")])
    assert costs.decode > 0
    assert costs.respond["conv1"] > 0
    assert min(costs.optimizer[name, False] for name in ("random", "ga")) > 0
