from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.benchmark import scale


def test_a_small_one_runs_through(capsys: pytest.CaptureFixture[str]) -> None:
    scale.main(40, 4)
    told = capsys.readouterr().out
    assert "40 neurons, 4 epochs" in told
    assert "peak memory" in told


def test_what_was_planted_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "run" / "atlas.zarr"
    scale.make(path, 40, 5, np.random.default_rng(0))
    scale.measure_all(path)
    found = xr.open_zarr(path, group="selectivity", consolidated=False)
    last = found.isel(epoch=-1)
    assert last.preferred_class.values.tolist() == 4 * list(range(10))
    assert (last.selective_q <= 0.05).all()
    assert (found.isel(epoch=0).selective_q > 0.05).mean() > 0.9
