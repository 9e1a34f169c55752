"""The explorer's benchmark makes a page whose grid a browser can draw."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from spikeatlas.flows.benchmark.modes.explorer_page import make, time_explorer
from spikeatlas.tasks.report import read_summary


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_small_page_stands() -> None:
    weight, grid = time_explorer((40,), epochs=2)
    assert weight.startswith("80 MEIs of 32x32: ")
    assert grid.startswith("first grid after ")


def test_every_neuron_of_the_atlas_has_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "atlas.zarr"
    make(path, 12, 2, np.random.default_rng(0))
    summary = read_summary(path)
    assert summary.analysed == 1
    for layer in summary.layers:
        assert layer.mei.shape == (2, 6, 1, 32, 32)
        assert layer.mei.reshape(12, -1).std(axis=1).min() > 0
        assert layer.settled.all()


@pytest.mark.parametrize("missing", ["program", "package"])
def test_what_it_needs_is_said(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if missing == "program":
        monkeypatch.setattr(shutil, "which", lambda _: None)
    else:
        monkeypatch.setitem(sys.modules, "playwright", None)
    with pytest.raises(ValueError, match=r"program chromium and the package playwright"):
        next(time_explorer())
