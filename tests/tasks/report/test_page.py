"""The page of whole, partial and odd atlases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeatlas.tasks.report import key_figures, write_report
from spikeatlas.tasks.report.atlas_words import UNKNOWN
from spikeatlas.tasks.report.summary import read_summary
from tests.tasks.report.synthetic import (
    SMALL,
    Silent,
    Synthetic,
    Tags,
    cells,
    plan,
    written,
)


def test_the_page_is_one_file_that_refers_only_to_the_explorer_beside_it(
    whole: Synthetic, tmp_path: Path
) -> None:
    path = write_report(whole.path, tmp_path / "deep" / "report")
    assert path == tmp_path / "deep" / "report" / "index.html"
    assert sorted(file.name for file in path.parent.iterdir()) == ["explore.html", "index.html"]
    text = path.read_text()
    assert "http" not in text
    assert "@import" not in text
    tags = Tags(text)
    outside = [r for r in tags.references if not r.startswith(("#", "data:", "grid-"))]
    assert outside == ["explore.html"]


def test_every_id_is_unique_and_every_reference_finds_its_target(page: str) -> None:
    tags = Tags(page)
    assert not tags.crossed
    assert tags.open == []
    assert [name for name, count in Counter(tags.ids).items() if count > 1] == []
    targets = {r[1:] for r in tags.references if r.startswith("#")}
    targets |= {r for r in tags.references if r.startswith("grid-")}
    targets |= set(re.findall(r"url\(#([^)]+)\)", page))
    assert targets <= set(tags.ids)


def test_the_same_atlas_gives_the_same_page(whole: Synthetic, page: str, tmp_path: Path) -> None:
    assert write_report(whole.path, tmp_path).read_text() == page


ODD: Mapping[str, dict[str, Any]] = {
    "one epoch": {"epochs": (3.0,)},
    "one repeat": {"repeats": 1},
    "one method": {"methods": ("tt",)},
    "one image": {"budget": 1},
    "colour": {"image": (3, 32, 32)},
    "many classes": {"classes": tuple(f"class {n}" for n in range(100))},
    "many epochs": {"epochs": tuple(float(epoch) for epoch in range(12))},
    "many methods": {"methods": tuple(f"a-method-{n}" for n in range(8))},
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD.keys())
def test_odd_atlases(tmp_path: Path, changes: dict[str, Any]) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(**{**SMALL, **changes})).fill()
    text = written(atlas)
    for layer, neurons in atlas.layout.layers.items():
        assert len(cells(text, layer)) == len(neurons) * len(atlas.layout.epochs)
    assert "no values yet" not in text
    assert f"| {layer} | {len(neurons)} |" in key_figures(read_summary(atlas.path))


def test_an_atlas_without_any_result(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr")
    text = written(atlas)
    assert text.count("no values yet") == 3 + 2 * 4
    assert "<img" not in text
    assert "56 of 56 results (neurons x epochs) are pending" in text
    assert "No search has ended yet." in key_figures(read_summary(atlas.path))


def test_a_network_in_which_everything_is_silent(tmp_path: Path) -> None:
    atlas = Silent(tmp_path / "atlas.zarr", plan(**SMALL)).fill()
    text = written(atlas)
    assert "<img" not in text
    assert all('<div class="gap off">silent</div>' in html for html in cells(text, "out").values())
    expected = ["out", "3", "0.000", "0", "3", "0", "0", "0", *[UNKNOWN] * 3, "0 of 0", UNKNOWN]
    assert f"| {' | '.join(expected)} |" in key_figures(read_summary(atlas.path))


def test_names_are_escaped(tmp_path: Path) -> None:
    classes = ("<script>x</script>", "a & b", *"23456789")
    atlas = Synthetic(
        tmp_path / "atlas.zarr", plan(**SMALL, classes=classes), note="<b>bold</b>"
    ).fill()
    text = written(atlas)
    assert "<script>x" not in text
    assert "<b>bold" not in text
    assert "a &amp; b" in text


def test_the_query_on_the_page_works(
    whole: Synthetic, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert match
    code = unescape(match[1])
    assert len(code.splitlines()) == 5
    monkeypatch.chdir(whole.path.parent)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - it is our own page that we try
    assert names["mei"].dtype == np.uint8
    assert names["mei"].shape == whole.layout.image
    assert str(names["best"].layer.values) == "out"


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    whole: Synthetic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = "<title>Spike Atlas: digits</title>"
    (tmp_path / "index.html").write_text(old)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write_report(whole.path, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == old


def test_no_atlas(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no atlas at .*nothing\.zarr"):
        write_report(tmp_path / "nothing.zarr", tmp_path)
    with pytest.raises(FileNotFoundError):
        key_figures(read_summary(tmp_path / "nothing.zarr"))
