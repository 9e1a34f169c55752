"""The comparisons that ship with us are read without a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.benchmark.comparison import read_comparison

FOLDER = Path(__file__).parents[4] / "deployments" / "benchmarks"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if "benchmark --networks" in path.read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_can_be_trained(path: Path) -> None:
    comparison = read_comparison(path)
    assert len(comparison.rows) > 1
    assert comparison.results.parent == Path("docs/results")


def test_desire_stands_beside_surrogate_gradients_of_the_same_shape() -> None:
    comparison = read_comparison(FOLDER / "desire-fashion.yaml")
    control, *rows = comparison.rows
    assert control.training.method.kind == "backprop"
    for row in rows:
        assert row.training.method.kind == "desire"
        for name in ("channels", "hidden", "time_steps", "coding", "bias", "decoding"):
            assert getattr(row.spec, name) == getattr(control.spec, name)
