"""Convex training is held against trained networks, on a smaller problem than the paper's."""

from __future__ import annotations

import re

import pytest

from spikeatlas.flows.benchmark.modes.rules import convex_training
from spikeatlas.flows.benchmark.modes.rules.convex_training import measure_convex


def test_no_trained_network_is_below_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {
        "POINTS": 30,
        "FEATURES": 5,
        "FIRST": 200,
        "TEST": 50,
        "PATTERNS": 100,
        "UNITS": 8,
        "STEPS": 30,
        "DIGIT_UNITS": 20,
    }
    for name, value in sizes.items():
        monkeypatch.setattr(convex_training, name, value)
    monkeypatch.setattr(convex_training, "SEEDS", range(2))
    monkeypatch.setattr(convex_training, "one_thread", lambda: None)

    text = "\n".join(measure_convex())

    assert text.count("of 8 trained networks none is lower") == 2
    gaps = [float(gap) for gap in re.findall(r"gap (\S+) over", text)]
    assert len(gaps) == 2
    assert max(gaps) < 1e-6
    # closed form and Lasso of three layers: the same optimum
    objectives = re.findall(r"\| (?:closed form|Lasso) \| (\S+) \|", text)
    assert len(objectives) == 3
    assert float(objectives[1]) == pytest.approx(float(objectives[2]), abs=1e-4)
    steps = re.findall(r"^\| (\d) \| \S+ \| (\d+) \| (\S+) \|", text, re.MULTILINE)
    assert [int(step) for step, _, _ in steps] == [0, 1, 2, 3, 4, 5, 6]
    units = [int(count) for _, count, _ in steps]
    assert units == sorted(units)
    assert max(float(gap) for _, _, gap in steps) < 1e-6
