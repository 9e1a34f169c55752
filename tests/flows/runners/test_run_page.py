"""A run's page in Prefect: keys that name the study, and links that a browser follows."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.runners import run_page
from spikeatlas.flows.runners.run_page import artifact_key, link
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.study.location import place


@pytest.mark.parametrize(
    ("atlas", "key"),
    [
        ("/data/lab/runs/demo/atlas.zarr", "runs-demo-atlas"),
        ("/data/My Lab/Übung_1/atlas.zarr", "my-lab-ubung-1-atlas"),
        ("/実験/網/atlas.zarr", "atlas"),
        ("s3://bucket/lab/mine.zarr", "lab-mine-atlas"),
        ("/atlas.zarr", "atlas"),
    ],
)
def test_a_key_names_its_study_as_prefect_allows(atlas: str, key: str) -> None:
    assert artifact_key(place(atlas), "atlas") == key
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", key)


def test_relative_paths_are_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    absolute = artifact_key(tmp_path / "demo" / "atlas.zarr", "epoch-0.5", "meis")
    assert artifact_key(Path("demo/atlas.zarr"), "epoch-0.5", "meis") == absolute
    assert absolute.endswith("-demo-epoch-0-5-meis")


def test_without_a_serve_there_is_a_path_to_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_page, "served_url", lambda _: None)
    assert link("Report", tmp_path / "index.html") == f"Report: `{tmp_path / 'index.html'}`"


def test_a_serve_that_is_none_is_said_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIKEATLAS_SERVE", "/data")
    text = link("Report", tmp_path / "index.html")
    assert text.startswith(f"Report: `{tmp_path / 'index.html'}` (SPIKEATLAS_SERVE=/data names no")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served, as the environment says."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("SPIKEATLAS_SERVE", f"http://127.0.0.1:{server.server_port}={tmp_path}")
    yield tmp_path
    server.shutdown()
    server.server_close()


def test_a_browser_follows_the_link_from_a_page_of_http(made: Checked, served: Path) -> None:
    page_file = write_report(made.run.atlas, served / "my run" / "report")
    text = link("Open the report", page_file)
    match = re.match(r"\[Open the report\]\((http://\S+)\)", text)
    assert match is not None, text
    # Prefect's page is one of http too: from there a browser refuses file://
    (served / "prefect.html").write_text(f'<a href="{match[1]}">Open the report</a>')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(f"{match[1].partition('/my%20run')[0]}/prefect.html")
        page.click("text=Open the report")
        page.wait_for_url("**/report/index.html")
        assert "conv2" in page.inner_text("body")
        browser.close()
