from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.serving import live_pages
from spikeatlas.flows.serving.live_pages import LivePages, is_outdated, live
from tests.flows.serving.conftest import work_on


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_pages_are_made_in_memory_once_for_each_moment(
    served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pages, "SHARE", 0)
    atlas, before = served / "stopped" / "atlas.zarr", files(served)
    pages = LivePages()
    tag = pages.tag(atlas)
    first = pages.page(atlas, "index.html")
    assert files(served) == before
    assert first.tag == tag
    assert "Spike Atlas" in first.html
    assert tag in first.html
    assert pages.page(atlas, "index.html").html is not None
    assert "connect-src 'self'" in pages.page(atlas, "explore.html").html
    work_on(atlas)
    assert pages.page(atlas, "index.html").tag == pages.tag(atlas) != tag


def test_pages_that_take_long_are_not_made_again_at_once(
    served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pages, "SHARE", 1e6)
    atlas, pages = served / "stopped" / "atlas.zarr", LivePages()
    tag = pages.page(atlas, "index.html").tag
    work_on(atlas)
    assert pages.page(atlas, "index.html").tag == pages.tag(atlas) == tag


def test_only_so_many_atlases_are_held(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_pages, "HOLD", 1)
    monkeypatch.setattr(live_pages, "render_pages", lambda *_: {"index.html": "page"})
    pages = LivePages()
    for run in ("stopped", "a b", "stopped"):
        pages.page(served / run / "atlas.zarr", "index.html")
    assert list(pages._pages) == [served / "stopped" / "atlas.zarr"]


def test_a_page_is_outdated_once_its_atlas_has_gone_on(served: Path) -> None:
    whole, stopped = served / "a b", served / "stopped"
    assert not is_outdated(whole / "report" / "index.html", whole / "atlas.zarr")
    page = stopped / "page.html"
    assert is_outdated(page, stopped / "atlas.zarr")
    page.write_text("")
    assert not is_outdated(page, stopped / "atlas.zarr")
    work_on(stopped / "atlas.zarr")
    assert is_outdated(page, stopped / "atlas.zarr")
    # its run has noted that the report is of the whole atlas: a copy may have any times
    work_on(whole / "atlas.zarr")
    assert not is_outdated(whole / "report" / "index.html", whole / "atlas.zarr")


def test_the_script_is_the_last_of_a_page() -> None:
    html = live("<p></body> in a text</p></body></html>", "tag")
    assert html.endswith("</script>\n</body></html>")
    assert html.startswith("<p></body> in a text</p><script>")
