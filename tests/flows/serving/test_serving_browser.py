"""What is served as a person meets it, in Debian's chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zarr
from playwright.sync_api import Page, expect, sync_playwright

from spikeatlas.flows.serving import live_pages
from spikeatlas.tasks.atlas import PENDING, coordinator

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Debian's chromium (apt install chromium)"
)
FINE = ("request: http://127.0.0.1:", "request: data:", "request: blob:", "log:")
PATIENCE = 60_000
"""Milliseconds in which a page may find its news: it asks every few seconds."""


@contextmanager
def window() -> Iterator[Page]:
    """A page; fails on any error of its scripts, and on a request to another machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("request", lambda sent: wrong.append(f"request: {sent.url}"))
        yield page
        browser.close()
        # a browser asks for a favicon by itself
        assert [text for text in wrong if not text.startswith(FINE) and "404" not in text] == []


def test_pages_open_from_the_index_and_follow_a_run(
    served: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pages, "SHARE", 0)
    atlas = served / "stopped" / "atlas.zarr"
    status = next(path for path in sorted((atlas / "layers").glob("*/status")))
    shutil.copytree(status, served / "whole")
    zarr.open_array(status, mode="r+")[...] = PENDING
    with window() as page, coordinator(atlas.parent):
        page.goto(f"http://127.0.0.1:{port}/")
        row = page.get_by_role("row", name="stopped/atlas.zarr")
        expect(row).to_contain_text("running")
        row.get_by_role("link", name="report").click()
        assert page.url == f"http://127.0.0.1:{port}/stopped/report/index.html"
        expect(page.locator(".gap.pending").first).to_be_attached()
        # the run commits its searches
        shutil.copytree(served / "whole", status, dirs_exist_ok=True)
        expect(page.locator(".gap.pending")).to_have_count(0, timeout=PATIENCE)
        page.get_by_role("link", name="every neuron").first.click()
        expect(page.locator("#overview")).to_be_visible()
        page.go_back()
        page.go_back()
    with window() as page:
        page.goto(f"http://127.0.0.1:{port}/a%20b/report/")
        expect(page.locator("body")).to_have_text("the report")
