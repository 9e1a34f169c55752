from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from playwright.sync_api import Browser, Page, sync_playwright

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.stages.conclude import conclude
from tests.sharing import once

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def opened(browser: Browser, file: Path, size: Any, folder: Path) -> Iterator[Page]:
    """A page; fails on any error of its scripts, on a request to elsewhere and on a page wider than the screen.

    What was seen last stays in ``folder`` as a picture.
    """
    page = browser.new_page(viewport=size)
    wrong: list[str] = []
    page.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda sent: (
            None if sent.url.startswith(("file:", "data:", "blob:")) else wrong.append(sent.url)
        ),
    )
    page.goto(file.as_uri())
    yield page
    page.screenshot(path=folder / "last.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.close()
    assert not wrong


@pytest.fixture(scope="session")
def explored(compared: Checked, shared: Path) -> Path:
    """The page of the comparing study, in which conv2's neuron 4 switched: read only."""
    folder = shared / "explored" / "run"
    with once(shared / "explored") as first:
        if first:
            shutil.copytree(compared.study.output, folder)
            atlas = folder / "atlas.zarr"
            conclude(atlas)
            plant_switch(atlas, 4)
            write_report(atlas, folder / "report")
    return folder / "report" / "explore.html"


def plant_switch(atlas: Path, neuron: int, support: float = np.nan) -> None:
    """Let an atlas say that a neuron of its first layer switched, its MEIs too with p ``support``."""
    root = zarr.open_group(atlas / "training", mode="r+")
    values = {
        "switched": 1,
        "switch_from": 3,
        "switch_to": 5,
        "switch_start": 1.0,
        "switch_epoch": 2.0,
        "switch_end": 2.0,
        "switch_q": 0.01,
        "mei_support_p": support,
    }
    for name, value in values.items():
        array: Any = root[name]
        array[neuron] = value
