"""What the explorer of 10,000 MEIs weighs, and how soon its first grid stands.

``python -m tests.tasks.report.explorer.measure``: an atlas of 1,000 neurons at 10 epochs with 32x32 stimuli, mixtures of
digits with noise, opened from disk in Debian's chromium.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from spikeatlas.tasks.report.explorer import render_explorer
from spikeatlas.tasks.report.summary import read_summary
from tests.tasks.report.test_report import Synthetic, plan

LAYERS = {"conv1": tuple(range(500)), "fc1": tuple(range(500))}
ROUNDS = 5


def first_grid(page_file: Path) -> list[float]:
    """Seconds from opening the address of a grid until its first pictures are drawn, of several rounds."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            start = time.perf_counter()
            page.goto(f"{page_file.as_uri()}#view=grid&layer=conv1", wait_until="commit")
            page.locator(".tile canvas[data-drawn]").nth(99).wait_for()
            found.append(time.perf_counter() - start)
            page.close()
        browser.close()
    return found


def main() -> None:
    """Print bytes and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "atlas.zarr"
        layout = plan(
            epochs=tuple(float(e) for e in range(10)),
            layers=LAYERS,
            methods=("screened",),
            repeats=1,
            image=(1, 32, 32),
        )
        Synthetic(path, layout).fill()
        start = time.perf_counter()
        html = render_explorer(path, read_summary(path))
        rendered = time.perf_counter() - start
        file = Path(folder) / "explore.html"
        file.write_text(html, encoding="utf-8")
        seconds = first_grid(file)
    print(f"10,000 MEIs of 32x32: {len(html) / 1e6:.1f} MB, written in {rendered:.0f} s")
    print(f"first grid after {min(seconds):.2f} to {max(seconds):.2f} s ({ROUNDS} rounds)")


if __name__ == "__main__":
    main()
