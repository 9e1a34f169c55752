"""The documentation builds as one site, without a dead link or a page that nothing leads to, and opens from disk."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import PAGES, ROOT

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as ``make docs`` does."""
    folder = tmp_path_factory.mktemp("site")
    line = re.search(r"-m (sphinx .*) docs ", (ROOT / "Makefile").read_text())
    assert line
    words = [sys.executable, "-m", *line[1].split(), "-d", str(folder / "trees"), "docs", str(folder / "html")]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_every_page_is_in_it_and_in_its_contents(site: Path) -> None:
    contents = (site / "index.html").read_text()
    for page in PAGES:
        if page.parent == DOCS and page.stem != "index":
            text = (site / f"{page.stem}.html").read_text()
            heading = page.read_text().splitlines()[0].removeprefix("# ")
            assert f"<h1>{heading.partition(':')[0]}" in text
            assert f'<a class="reference internal" href="{page.stem}.html">' in contents


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    """Links may lead away; scripts, styles, fonts and pictures lie in the folder."""
    for page in site.rglob("*.html"):
        text = page.read_text()
        loads = re.findall(r'(?:src|srcset|data)="([^"]+)"', text)
        loads += re.findall(
            r'<link[^>]* rel="(?:stylesheet|preload|icon)"[^>]* href="([^"]+)"', text
        )
        loads += re.findall(
            r'<link[^>]* href="([^"]+)"[^>]* rel="(?:stylesheet|preload|icon)"', text
        )
        assert [load for load in loads if re.match(r"(?:https?:)?//", load)] == [], page.name
    for style in site.rglob("*.css"):
        assert re.findall(r"url\(['\"]?(?:https?:)?//[^)]*", style.read_text()) == [], style.name
