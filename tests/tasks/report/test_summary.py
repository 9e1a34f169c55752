"""Only what is committed counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spikeatlas.tasks.atlas import PENDING
from spikeatlas.tasks.atlas.write import clear_epoch
from spikeatlas.tasks.report import key_figures
from spikeatlas.tasks.report.summary import read_summary
from tests.tasks.report.synthetic import (
    Synthetic,
    cells,
    plan,
    written,
)


def test_what_a_killed_worker_left_is_no_result(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(epochs=(0.0, 1.0)))
    atlas.search(0.0, "out")
    atlas.search(1.0, "out", status=PENDING)
    layer = read_summary(atlas.path).layers[1]
    assert layer.name == "out"
    assert (layer.status[1] == PENDING).all()
    assert np.isnan(layer.response[1]).all()
    assert np.isnan(layer.history[1]).all()
    assert not np.isnan(layer.history[0]).any()
    assert (layer.search[1] == "").all()


def test_measures_that_are_being_redone_are_not_shown(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(epochs=(0.0, 1.0))).fill()
    clear_epoch(atlas.path, 1.0)
    text = written(atlas)
    assert not any(
        "prefers" in html for (_, epoch), html in cells(text, "out").items() if epoch == 1
    )
    assert any("prefers" in html for (_, epoch), html in cells(text, "out").items() if epoch == 0)
    assert "classes at epoch 0, the last analysed" in key_figures(read_summary(atlas.path))
