"""Test images are shown where they are the atlas' own, or the page says why not."""

from __future__ import annotations

from pathlib import Path

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
