"""The weight of an explorer of many stimuli, and the time until its first grid stands in a browser.

A made-up atlas of two layers with 32x32 stimuli, mixtures of digits with noise, opened from disk in chromium.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spikeatlas.snn.data import DataSet, Digits
from spikeatlas.tasks.atlas import (
    ANALYSED,
    DONE,
    OBSERVED,
    SCREENED,
    TOP_IMAGES,
    TRAINED,
    Layout,
    create,
    image_counts,
    layout_json,
    path_of,
    write,
)
from spikeatlas.tasks.report import read_summary
from spikeatlas.tasks.report.explorer import render_explorer
from spikeatlas.tasks.workers import models

LAYERS = ("conv1", "fc1")
SIDE = 32
ROUNDS = 5
PICTURES = 100
"""Pictures of a first grid that must be drawn."""


def time_explorer(neurons: Sequence[int] = (1000,), epochs: int = 10) -> Iterator[str]:
    """Yield the bytes of the page and the seconds until its first grid stands, of atlases with so many neurons.

    ValueError where there is no browser to open it in.
    """
    browser = chromium()
    for count in neurons:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "atlas.zarr"
            make(path, count, epochs, np.random.default_rng(0))
            start = time.perf_counter()
            html = render_explorer(path, read_summary(path))
            rendered = time.perf_counter() - start
            page = Path(folder) / "explore.html"
            page.write_text(html, encoding="utf-8")
            seconds = first_grid(page, browser, min(PICTURES, count // len(LAYERS)))
        yield f"{count * epochs:,} MEIs of {SIDE}x{SIDE}: {len(html) / 1e6:.1f} MB, written in {rendered:.0f} s"
        yield f"first grid after {min(seconds):.2f} to {max(seconds):.2f} s ({ROUNDS} rounds)"


def chromium() -> str:
    """Return the browser's program. ValueError without it, or without the package that drives it."""
    program = shutil.which("chromium")
    try:
        import playwright  # noqa: F401, PLC0415 - a tool of development
    except ImportError:
        program = None
    if program is None:
        raise ValueError(
            "--explorer opens pages in a browser, which needs the program chromium and the package playwright: "
            "apt-get install chromium; pip install playwright"
        )
    return program


def first_grid(page_file: Path, browser: str, pictures: int) -> list[float]:
    """Return the seconds from opening the address of a grid until its first pictures are drawn, of several rounds."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    seconds = []
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            page = chrome.new_page(viewport={"width": 1280, "height": 800})
            start = time.perf_counter()
            page.goto(f"{page_file.as_uri()}#view=grid&layer={LAYERS[0]}", wait_until="commit")
            page.locator(".tile canvas[data-drawn]").nth(pictures - 1).wait_for()
            seconds.append(time.perf_counter() - start)
            page.close()
        chrome.close()
    return seconds


def make(path: Path, neurons: int, epochs: int, rng: np.random.Generator) -> None:
    """Write an atlas of one search a neuron, with all that the explorer shows of stimuli and test images."""
    data = models.dataset(Digits())
    layout = Layout(
        epochs=tuple(map(float, range(epochs))),
        layers={layer: tuple(range(neurons // len(LAYERS))) for layer in LAYERS},
        blocks=dict.fromkeys(LAYERS, 64),
        methods=("screened",),
        repeats=1,
        budget=200,
        latent=1,
        latent_dtype="int16",
        image=(1, SIDE, SIDE),
        classes=data.classes,
        screening=1,
    )
    study = {"data": {"dataset": "digits"}, "search": {"methods": list(layout.methods)}}
    attributes = {
        "study": json.dumps(study),
        "layout": layout_json(layout),
        "layers": list(LAYERS),
    }
    create(path, layout, attributes, {"data_digest": data.digest()})
    for epoch in layout.epochs:
        arrays: dict[str, Any] = dict.fromkeys((TRAINED, OBSERVED, SCREENED), np.uint8(1))
        arrays |= {
            "progress/accuracy": np.float32(1 - 0.9 / (1 + epoch)),
            "progress/loss": np.float32(2.3 / (1 + epoch)),
        }
        for layer in LAYERS:
            arrays |= {
                path_of(name, layer): values
                for name, values in _layer(layout, data, epoch, rng).items()
            }
        write.write_epoch(path, epoch, arrays | _table(layout, rng), ANALYSED)


def _layer(
    layout: Layout, data: DataSet, epoch: float, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """Draw the results of one layer's searches, and its responses to test images."""
    count = layout.neurons // len(LAYERS)
    response = rng.uniform(0.05, 0.9, (count, 1, 1)).astype(np.float32)
    rise = 1 - 0.8 * np.exp(-np.linspace(0, 4, len(image_counts(layout.budget))))
    tuning = (0.5 * response[:, 0] * rng.random((count, len(layout.classes)))).astype(np.float32)
    top = rng.integers(0, len(data.test.images), (count, TOP_IMAGES))
    return {
        "mei": pictures(data, count, 60 / (1 + epoch), rng).reshape(count, 1, 1, 1, SIDE, SIDE),
        "status": np.full((count, 1, 1), DONE, np.uint8),
        "response": response,
        "history": (response[..., None] * rise).astype(np.float32),
        "natural_response": tuning,
        "natural_half_response": np.stack([tuning, tuning], axis=1),
        "natural_top": top.astype(np.int32),
        "natural_top_response": (response[:, 0] * np.linspace(0.9, 0.7, top.shape[1])).astype(
            np.float32
        ),
    }


def _table(layout: Layout, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Draw the measures of all neurons, and of each one's MEI."""
    count, classes = layout.neurons, len(layout.classes)
    measures: dict[str, NDArray[Any]] = {
        "natural_ratio": rng.uniform(0.8, 2, count).astype(np.float32),
        "random_ratio": rng.uniform(0.8, 2, count).astype(np.float32),
        "class_selectivity_index": rng.uniform(0, 1, count).astype(np.float32),
        "preferred_class": rng.integers(0, classes, count).astype(np.int16),
        "mei_class": rng.integers(0, classes, count).astype(np.int16),
    }
    of_meis = ("natural_ratio", "random_ratio", "mei_class")
    of_neurons = ("class_selectivity_index", "preferred_class")
    return {
        **{f"neurons/{name}": values for name, values in measures.items()},
        **{f"meis/{name}": measures[name].reshape(count, 1, 1) for name in of_meis},
        **{f"selectivity/{name}": measures[name] for name in of_neurons},
    }


def pictures(
    data: DataSet, count: int, noise: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Mix pairs of digits with noise of a standard deviation (in grey levels), uint8 (count, SIDE, SIDE)."""
    pair = data.train.images[rng.integers(0, len(data.train.images), (2, count)), 0].astype(float)
    mixed = 0.75 * pair[0] + 0.35 * pair[1] + rng.normal(0, noise, pair[0].shape)
    small = [Image.fromarray(image) for image in np.clip(mixed, 0, 255).astype(np.uint8)]
    large = [image.resize((SIDE, SIDE), Image.Resampling.BICUBIC) for image in small]
    return np.stack([np.asarray(image) for image in large])
