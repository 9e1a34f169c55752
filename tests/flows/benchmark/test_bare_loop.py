"""The bare loop makes a whole atlas, and the profiler tells what of it the store took."""

from __future__ import annotations

import cProfile
import time
from pathlib import Path

import numpy as np
import xarray as xr

from spikeatlas.flows.benchmark.bare_loop import (
    make_atlas,
    seconds_below,
    seconds_in_store,
    train,
)
from spikeatlas.flows.benchmark.modes.orchestration import TINY, Cost, cost_table, study_of
from spikeatlas.flows.checks.study_checks import check
from spikeatlas.tasks.inspect.text import as_text
from tests.tiny import atlas_folder


def test_it_makes_the_atlas_twice_alike(tmp_path: Path) -> None:
    checked = check(study_of(4, tmp_path / "run", TINY))
    train(checked.run)
    assert make_atlas(checked) == 4
    first = xr.open_datatree(atlas_folder(checked), engine="zarr", consolidated=False).load()
    assert (first["progress"].analysed == 1).all()
    assert (first["progress"].known == 1).all()
    assert (tmp_path / "run" / "report" / "index.html").exists()
    seconds = seconds_in_store(checked)
    assert 0 < seconds < 60
    second = xr.open_datatree(atlas_folder(checked), engine="zarr", consolidated=False)
    assert np.array_equal(first["best/fc1"].mei, second["best/fc1"].mei)


def test_calls_within_a_folder_count_once() -> None:
    def inner() -> None:
        time.sleep(0.05)

    def outer() -> None:
        inner()

    # code of a file elsewhere, which calls into this one
    source = compile("def enter(call):\n    call()\n", "/elsewhere/module.py", "exec")
    names: dict[str, object] = {}
    exec(source, names)  # noqa: S102
    profile = cProfile.Profile(builtins=False)
    profile.runcall(names["enter"], outer)  # type: ignore[arg-type]
    here = Path(__file__).resolve().parent
    assert 0.05 <= seconds_below(profile, here) < 0.09
    assert seconds_below(profile, here / "nothing") == 0


def test_a_row_for_each_size() -> None:
    cost = Cost(100, 2, 10, 5, bare=4.0, flow=5.0, store=0.5, files=1234)
    assert cost.prefect == 100
    assert cost.share == 0.3
    text = as_text(cost_table([cost, cost], "both"))
    assert text.count("1,234") == 2
    assert "100.0" in text
