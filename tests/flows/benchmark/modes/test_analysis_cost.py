from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from spikeatlas.flows.benchmark.modes.analysis_cost import make, measure_all, time_analysis


def test_small_ones_run_through() -> None:
    lines = list(time_analysis((40, 44), epochs=4))
    assert lines[0].startswith("40 neurons, 4 epochs")
    assert lines[3].startswith("44 neurons, 4 epochs")
    assert lines[-1].startswith("peak memory")


def test_what_was_planted_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "run" / "atlas.zarr"
    make(path, 40, 5, np.random.default_rng(0))
    measure_all(path)
    selectivity = xr.open_zarr(path, group="selectivity", consolidated=False)
    last = selectivity.isel(epoch=-1)
    assert last.preferred_class.values.tolist() == 4 * list(range(10))
    assert (last.selective_q <= 0.05).all()
    assert (selectivity.isel(epoch=0).selective_q > 0.05).mean() > 0.9
