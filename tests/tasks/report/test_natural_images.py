"""Test images are shown where they are the atlas' own, or the page says why not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.data import load_data
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.report.summary import read_summary
from tests.tasks.report.synthetic import (
    SMALL,
    Synthetic,
    cells,
    plan,
    written,
)


def test_data_that_are_not_on_this_machine(tmp_path: Path) -> None:
    data = {"dataset": "folder", "root": str(tmp_path / "nowhere")}
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(**SMALL), data=data).fill()
    text = written(atlas)
    assert "cannot be loaded on this machine: " in text
    assert '<div class="gap off">not here</div><b>0.' in text
    assert any("<img" in html for html in cells(text, "out").values())


def test_data_that_changed_since(tmp_path: Path) -> None:
    data = {"dataset": "digits", "limit": 20}
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(**SMALL), data=data).fill()
    assert "not the ones the atlas was made from" in written(atlas)


def test_an_atlas_shows_its_own_on_a_machine_without_the_data(
    copied: Checked, tmp_path: Path
) -> None:
    root = zarr.open_group(copied.run.atlas, mode="r+")
    study = json.loads(str(root.attrs["study"]))
    study["data"] = {"dataset": "folder", "root": str(tmp_path / "nowhere")}
    root.attrs["study"] = json.dumps(study)
    test = load_data(copied.study.data).test
    split, regret = read_summary(copied.run.atlas).test
    assert regret == ""
    assert split is not None
    np.testing.assert_array_equal(split.images, test.images)
    np.testing.assert_array_equal(split.labels, test.labels)
    text = write_report(copied.run.atlas, tmp_path / "report").read_text()
    assert "cannot be loaded" not in text
