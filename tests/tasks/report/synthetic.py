"""Made-up atlases, written through the atlas' own doors, and their pages taken apart."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spikeatlas.snn.data import Digits, load_data
from spikeatlas.tasks.atlas import (
    ANALYSED,
    DONE,
    OBSERVED,
    SATURATED,
    SCREENED,
    SILENT,
    STATUS,
    TOP_IMAGES,
    TRAINED,
    Layout,
    at_search,
    create,
    image_counts,
    layout_json,
    open_tree,
)
from spikeatlas.tasks.atlas.write import write_block, write_epoch
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.study.blocks import Block

METHODS = ("tt", "random")


def plan(**changes: Any) -> Layout:
    """A small layout; ``changes`` replace its fields."""
    fields: dict[str, Any] = {
        "epochs": (0.0, 0.5, 1.0, 5.0),
        "layers": {"conv1": (0, 1, 2, 5), "out": tuple(range(10))},
        "methods": METHODS,
        "repeats": 2,
        "budget": 200,
        "latent": 4,
        "latent_dtype": "int32",
        "image": (1, 8, 8),
        "classes": tuple("0123456789"),
        "screening": 12,
    } | changes
    return Layout(
        blocks={layer: len(neurons) for layer, neurons in fields["layers"].items()}, **fields
    )


class Synthetic:
    """An atlas whose values grow over training as a real one's do, written through the atlas' own doors."""

    def __init__(self, path: Path, layout: Layout | None = None, **study: Any) -> None:
        self.path, self.layout = path, layout or plan()
        self.data = load_data(Digits())
        self.rng = np.random.default_rng(0)
        fields = {
            "data": {"dataset": "digits", "root": None, "download": False, "limit": None},
            "network": {"channels": [16, 32], "hidden": [64], "beta": 0.9, "time_steps": 25},
            "training": {"epochs": 5, "batch_size": 64, "lr": 0.002},
            "generator": {"kind": "vqvae", "positions": 4, "codes": 32, "checkpoint": None},
            "search": {
                "methods": list(self.layout.methods),
                "budget": self.layout.budget,
                "share": False,
            },
            "seed": 0,
            "output": "runs/synthetic",
        } | study
        attributes = {
            "study": json.dumps(fields),
            "study_digest": "5a" * 32,
            "layout": layout_json(self.layout),
            "started": "2026-01-01T10:00:00+00:00",
            "ended": "2026-01-01T10:05:00+00:00",
            "torch_version": "2.6.0",
        }
        create(path, self.layout, attributes, {"data_digest": self.data.digest(), "python": "3.11"})

    def fill(self) -> Synthetic:
        """Every stage of every epoch."""
        for epoch in self.layout.epochs:
            self.train(epoch)
            self.observe(epoch)
            self.screen(epoch)
            for layer in self.layout.layers:
                self.search(epoch, layer)
            self.analyse(epoch)
        return self

    def progress(self, epoch: float) -> float:
        return float(epoch / (epoch + 0.7))

    def train(self, epoch: float) -> None:
        grown = self.progress(epoch)
        values: dict[str, Any] = {
            "progress/step": np.int64(22 * epoch),
            "progress/images_seen": np.int64(1347 * epoch),
            "progress/accuracy": np.float32(0.1 + 0.87 * grown),
            "progress/loss": np.float32(2.3 - 2.1 * grown),
        }
        write_epoch(self.path, epoch, values, TRAINED)

    def strength(self, epoch: float, layer: str) -> NDArray[np.float64]:
        """Best natural response of each neuron (N,); a few neurons of early epochs are silent."""
        count = len(self.layout.layers[layer])
        depth = list(self.layout.layers).index(layer)
        rng = np.random.default_rng([count, depth])
        base = (
            rng.uniform(0.1, 0.4, count) * (0.4 + 0.9 * self.progress(epoch)) / (1 + 0.15 * depth)
        )
        return np.where(rng.random(count) < 0.25 * (1 - self.progress(epoch)), 0.0, base)

    def observe(self, epoch: float) -> None:
        arrays: dict[str, NDArray[Any]] = {}
        classes = len(self.layout.classes)
        for place, (layer, neurons) in enumerate(self.layout.layers.items()):
            best = self.strength(epoch, layer)[:, None]
            sharp = 1 + 4 * self.progress(epoch) * (1 + place)
            rng = np.random.default_rng([place, len(neurons)])
            tuning = best * 0.7 * rng.random((len(neurons), classes)) ** sharp
            shape = (len(neurons), TOP_IMAGES)
            arrays |= {
                f"natural/{layer}/natural_response": tuning.astype(np.float32),
                f"natural_half/{layer}/natural_half_response": np.stack([tuning, tuning], 1).astype(
                    np.float32
                ),
                f"natural_top/{layer}/natural_top": self.rng.integers(0, 450, shape).astype(
                    np.int32
                ),
                f"natural_top/{layer}/natural_top_response": (
                    best * np.linspace(1, 0.8, TOP_IMAGES)
                ).astype(np.float32),
            }
        arrays["selectivity/natural_active"] = np.full(self.layout.neurons, 300, np.int32)
        write_epoch(self.path, epoch, arrays, OBSERVED)

    def screen(self, epoch: float) -> None:
        count = self.layout.screening * self.layout.repeats
        images = self.rng.integers(0, 255, (count, *self.layout.image)).astype(np.uint8)
        arrays: dict[str, NDArray[Any]] = {
            "screening_image/screening_image": images,
            "screening_latent/screening_latent": np.zeros((count, self.layout.latent), np.int32),
        }
        for layer in self.layout.layers:
            answers = self.strength(epoch, layer) * self.rng.uniform(0.2, 1.1, (count, 1))
            arrays[f"screening/{layer}/screening_response"] = answers.astype(np.float32)
        write_epoch(self.path, epoch, arrays, SCREENED)

    def images(self, shape: tuple[int, ...], epoch: float) -> NDArray[np.uint8]:
        """Mixtures of digits, noisier early in training, of the layout's channels and size."""
        channels, height, width = self.layout.image
        count = int(np.prod(shape))
        pair = self.data.train.images[self.rng.integers(0, 1347, (2, count)), 0].astype(float)
        noise = self.rng.normal(0, 60 * (1.1 - self.progress(epoch)), (count, 8, 8))
        mixed = np.clip(0.75 * pair[0] + 0.35 * pair[1] + noise, 0, 255).astype(np.uint8)
        resized = [
            np.asarray(Image.fromarray(m).resize((width, height), Image.Resampling.BICUBIC))
            for m in mixed
        ]
        tint = self.rng.uniform(0.4, 1, (count, channels, 1, 1)) if channels > 1 else 1.0
        return (
            (np.stack(resized)[:, None] * tint)
            .astype(np.uint8)
            .reshape(*shape, channels, height, width)
        )

    def search(self, epoch: float, layer: str, status: int | None = None) -> None:
        """Results of one layer; ``status`` for all searches instead of what the responses say."""
        neurons, searches, repeats = (
            len(self.layout.layers[layer]),
            len(self.layout.methods),
            self.layout.repeats,
        )
        shape = (neurons, searches, repeats)
        best = self.strength(epoch, layer)[:, None, None]
        gain = self.rng.uniform(1.2, 2.2, shape) * np.linspace(1, 0.7, searches)[:, None]
        response = np.minimum(best * gain, 1).astype(np.float32)
        state = (
            np.select([response == 0, response == 1], [SILENT, SATURATED], DONE)
            if status is None
            else status
        )
        points = len(image_counts(self.layout.budget))
        rise = 1 - 0.8 * np.exp(-np.linspace(0, 4, points))
        arrays: dict[str, NDArray[Any]] = {
            "mei": self.images(shape, epoch),
            "latent": np.zeros((*shape, self.layout.latent), np.int32),
            "response": response,
            "search_response": response,
            "images_shown": np.full(shape, self.layout.budget, np.int32),
            "seed": np.zeros(shape, np.int64),
            "seconds": np.ones(shape, np.float32),
            "history": (response[..., None] * rise).astype(np.float32),
            "status": np.broadcast_to(np.asarray(state, np.uint8), shape).copy(),
        }
        write_block(self.path, Block(epoch, layer, 0, neurons), arrays)

    def analyse(self, epoch: float) -> None:
        """The neurons' table as the analysis writes it, classes read and preferred made up."""
        parts = {layer: self.rows(epoch, layer) for layer in self.layout.layers}
        arrays: dict[str, NDArray[Any]] = {}
        for layer, part in parts.items():
            arrays |= {
                f"best/{layer}/{name}": part[name]
                for name in ("mei", "response", "best_search", "best_repeat", "status")
            }
            del part["mei"]
        first = next(iter(parts.values()))
        arrays |= {
            f"neurons/{name}": np.concatenate([part[name] for part in parts.values()])
            for name in first
        }
        write_epoch(self.path, epoch, arrays, ANALYSED)

    def rows(self, epoch: float, layer: str) -> dict[str, NDArray[Any]]:
        with open_tree(self.path) as tree:
            group = tree.layer(layer, "layers", "image", "natural", "natural_top").sel(epoch=epoch)
            group = group.load()
        count, repeats = group.sizes["neuron"], group.sizes["repeat"]
        flat = group.response.values.reshape(count, -1)
        best = flat.argmax(axis=1)
        tuning = group.natural_response.values
        active = tuning.max(axis=1) > 0
        preferred = np.where(active, tuning.argmax(axis=1) if tuning.size else 0, -1)
        rest = (tuning.sum(axis=1) - tuning.max(axis=1)) / max(tuning.shape[1] - 1, 1)
        total = tuning.max(axis=1) + rest
        index = np.divide(
            tuning.max(axis=1) - rest,
            total,
            out=np.full(count, np.nan, np.float32),
            where=total > 0,
        )
        response = flat.max(axis=1)
        natural = group.natural_top_response.values[:, 0]
        ratio = np.divide(
            response, natural, out=np.full(count, np.nan, np.float32), where=natural > 0
        )
        read = np.where(
            self.rng.random(count) < 0.7, preferred, self.rng.integers(0, tuning.shape[1], count)
        )
        return {
            "mei": at_search(group.mei, best),
            "response": response,
            "best_search": group["search"].values.astype(object)[best // repeats],
            "best_repeat": (best % repeats).astype(np.int16),
            "status": np.array(STATUS, object)[at_search(group.status, best)],
            "mei_class": np.where(active, read, -1).astype(np.int16),
            "natural_ratio": ratio.astype(np.float32),
            "random_ratio": (ratio * 0.9).astype(np.float32),
            "class_selectivity_index": index.astype(np.float32),
            "preferred_class": preferred.astype(np.int16),
        }


def written(atlas: Synthetic) -> str:
    """The page of an atlas."""
    return write_report(atlas.path, atlas.path.parent / "report").read_text()


class Tags(HTMLParser):
    """Ids, references and nesting of a page."""

    VOID = ("meta", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "xlink:href", "src", "data-grid"):
                self.references.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.crossed.append(tag)


def cells(text: str, layer: str) -> dict[tuple[int, float], str]:
    """The HTML of each neuron's cell, by neuron and epoch."""
    pattern = rf'<td class="cell" title="{layer} neuron (\d+), epoch ([\d.]+): .*?</td>'
    return {(int(m[1]), float(m[2])): m[0] for m in re.finditer(pattern, text, re.DOTALL)}


def decoded(html: str) -> NDArray[np.uint8]:
    """The stimulus (c, h, w) of the first picture in a piece of the page."""
    match = re.search(r'src="data:image/png;base64,([^"]+)"', html)
    assert match
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(match[1]))))
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


SMALL: Mapping[str, Any] = {"epochs": (0.0, 1.0), "layers": {"out": (0, 1, 2)}}


class Silent(Synthetic):
    """No neuron answers anything, so no class is preferred and no ratio defined."""

    def strength(self, epoch: float, layer: str) -> NDArray[np.float64]:
        del epoch
        return np.zeros(len(self.layout.layers[layer]))


class Saturated(Synthetic):
    """Every neuron answers its MEI with 1."""

    def strength(self, epoch: float, layer: str) -> NDArray[np.float64]:
        del epoch
        return np.full(len(self.layout.layers[layer]), 5.0)
