"""The race over made-up neurons: what it counts, and what a regression finds."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.benchmark.landscapes import FAMILIES
from spikeatlas.flows.benchmark.modes import landscape_race
from spikeatlas.flows.benchmark.modes.landscape_race import regress, search, table_of
from spikeatlas.tasks.inspect.text import as_text


@pytest.mark.parametrize("share", [True, False])
def test_a_regression_solves_what_is_linear_and_not_what_has_no_geometry(*, share: bool) -> None:
    linear, table = (
        FAMILIES[name](np.random.default_rng(0), 2) for name in ("isotropic, 4", "tables")
    )
    assert (regress(linear, 200, 0, share=share) > 0.95).all()
    assert (regress(table, 200, 0, share=share) < 0.8).all()


def test_a_search_s_best_is_what_the_neurons_answer() -> None:
    landscape = FAMILIES["additive"](np.random.default_rng(0), 2)
    highest = search(landscape, "screened", 60, 0, share=True)
    assert highest.shape == (2,)
    assert ((highest > 0.5) & (highest <= 1 + 1e-6)).all()
    np.testing.assert_array_equal(highest, search(landscape, "screened", 60, 0, share=True))


def test_a_table_marks_what_is_won_and_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landscape_race, "SEEDS", 3)
    rows = {name: np.full((3, 8), 0.5) for name in (*landscape_race.METHODS, "ridge")}
    rows["ga"] = np.full((3, 8), 0.4)
    rows["ridge"] = np.full((3, 8), 0.7)
    text = as_text(table_of({"additive": {100: rows}}, share=False))
    flat = " ".join(text.replace("│", " ").replace("|", " ").split())
    assert flat.count("won") == 1
    assert flat.count("LOST") == 1
    assert "alone" in flat
