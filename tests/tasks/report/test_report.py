"""The report: a page from whole, partial and odd atlases, and its key figures."""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.data import DataSpec, load_data
from spikeatlas.tasks.atlas import Layout, create, open_tree
from spikeatlas.tasks.atlas.schema import (
    DONE,
    FAILED,
    PENDING,
    SATURATED,
    SILENT,
    TOP_IMAGES,
    queries,
)
from spikeatlas.tasks.atlas.store import layout_json
from spikeatlas.tasks.atlas.write import clear_epoch, mark_failed, write_block, write_epoch
from spikeatlas.tasks.report import key_figures, write_report
from spikeatlas.tasks.report.averages import mean, quartiles
from spikeatlas.tasks.report.curves import overview_panels, search_panel
from spikeatlas.tasks.report.figures import COLOURS, Curve, chart, epoch_axis, image_axis, thinned
from spikeatlas.tasks.report.key import UNKNOWN
from spikeatlas.tasks.report.pictures import data_uri, short_names, side
from spikeatlas.tasks.report.summary import read_summary
from spikeatlas.tasks.study.run import Block

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
        self.data = load_data(DataSpec())
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
            "step": np.int64(22 * epoch),
            "images_seen": np.int64(1347 * epoch),
            "accuracy": np.float32(0.1 + 0.87 * grown),
            "loss": np.float32(2.3 - 2.1 * grown),
        }
        write_epoch(self.path, epoch, values, "trained")

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
                f"layers/{layer}/natural_response": tuning.astype(np.float32),
                f"layers/{layer}/natural_half_response": np.stack([tuning, tuning], 1).astype(
                    np.float32
                ),
                f"layers/{layer}/natural_active": np.full(len(neurons), 300, np.int32),
                f"layers/{layer}/natural_top": self.rng.integers(0, 450, shape).astype(np.int32),
                f"layers/{layer}/natural_top_response": (
                    best * np.linspace(1, 0.8, TOP_IMAGES)
                ).astype(np.float32),
            }
        write_epoch(self.path, epoch, arrays, "observed")

    def screen(self, epoch: float) -> None:
        count = self.layout.screening * self.layout.repeats
        images = self.rng.integers(0, 255, (count, *self.layout.image)).astype(np.uint8)
        arrays: dict[str, NDArray[Any]] = {
            "screening/image": images,
            "screening/latent": np.zeros((count, self.layout.latent), np.int32),
        }
        for layer in self.layout.layers:
            answers = self.strength(epoch, layer) * self.rng.uniform(0.2, 1.1, (count, 1))
            arrays[f"screening/response_{layer}"] = answers.astype(np.float32)
        write_epoch(self.path, epoch, arrays, "screened")

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
        neurons, methods, repeats = (
            len(self.layout.layers[layer]),
            len(self.layout.methods),
            self.layout.repeats,
        )
        shape = (neurons, methods, repeats)
        best = self.strength(epoch, layer)[:, None, None]
        gain = self.rng.uniform(1.2, 2.2, shape) * np.linspace(1, 0.7, methods)[:, None]
        response = np.minimum(best * gain, 1).astype(np.float32)
        state = (
            np.select([response == 0, response == 1], [SILENT, SATURATED], DONE)
            if status is None
            else status
        )
        points = len(queries(self.layout.budget))
        rise = 1 - 0.8 * np.exp(-np.linspace(0, 4, points))
        arrays: dict[str, NDArray[Any]] = {
            "mei": self.images(shape, epoch),
            "latent": np.zeros((*shape, self.layout.latent), np.int32),
            "response": response,
            "search_response": response,
            "queries": np.full(shape, self.layout.budget, np.int32),
            "seed": np.zeros(shape, np.int64),
            "seconds": np.ones(shape, np.float32),
            "history": (response[..., None] * rise).astype(np.float32),
            "status": np.broadcast_to(np.asarray(state, np.uint8), shape).copy(),
        }
        write_block(self.path, Block(epoch, layer, 0, neurons), arrays)

    def analyse(self, epoch: float) -> None:
        """The neurons' table as the analysis writes it, classes read and preferred made up."""
        with open_tree(self.path) as tree:
            parts = [self.rows(tree.sel(epoch=epoch), layer) for layer in self.layout.layers]
        table = {
            f"neurons/{name}": np.concatenate([part[name] for part in parts]) for name in parts[0]
        }
        write_epoch(self.path, epoch, table, "analysed")

    def rows(self, tree: xr.DataTree, layer: str) -> dict[str, NDArray[Any]]:
        group = tree[f"layers/{layer}"].to_dataset()
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
            "response": response,
            "method": group.method.values.astype(object)[best // repeats],
            "repeat": (best % repeats).astype(np.int16),
            "status": group.status.values.reshape(count, -1)[np.arange(count), best],
            "mei_class": np.where(active, read, -1).astype(np.int16),
            "natural_ratio": ratio.astype(np.float32),
            "random_ratio": (ratio * 0.9).astype(np.float32),
            "class_selectivity_index": index.astype(np.float32),
            "preferred_class": preferred.astype(np.int16),
        }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Synthetic:
    """A finished atlas. Read only."""
    return Synthetic(tmp_path_factory.mktemp("whole") / "atlas.zarr").fill()


@pytest.fixture(scope="module")
def page(whole: Synthetic, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(whole.path, tmp_path_factory.mktemp("page")).read_text()


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


def test_each_picture_is_the_best_image_of_its_neuron_and_epoch(
    whole: Synthetic, page: str
) -> None:
    with open_tree(whole.path) as tree:
        table = tree["neurons"].to_dataset().load()
        layers = {
            layer: tree[f"layers/{layer}"].to_dataset().load() for layer in whole.layout.layers
        }
    pictured = 0
    for row in range(table.sizes["neuron"]):
        for epoch in whole.layout.epochs:
            best = table.isel(neuron=row).sel(epoch=epoch)
            layer, neuron = str(best.layer.values), int(best["index"])
            html = cells(page, layer)[neuron, epoch]
            assert f"<b>{float(best.response):.3f}</b>" in html
            if best.status == SILENT:
                assert "<img" not in html
                continue
            where = {
                "epoch": epoch,
                "neuron": neuron,
                "method": str(best.method.values),
                "repeat": int(best.repeat),
            }
            np.testing.assert_array_equal(decoded(html), layers[layer].mei.sel(where).values)
            assert f"found by {where['method']}, repeat {where['repeat']}" in html
            read, preferred = int(best.mei_class), int(best.preferred_class)
            assert f">{read} / {preferred}</span>" in html
            assert ("agrees" in html) == (read == preferred)
            pictured += 1
    assert pictured > 40


def test_the_natural_images_are_the_test_images_that_the_atlas_names(
    whole: Synthetic, page: str
) -> None:
    with open_tree(whole.path) as tree:
        best = tree["layers/out"].to_dataset().isel(epoch=-1).load()
    match = re.search(r'id="grid-out".*?</section>', page, re.DOTALL)
    assert match
    rows = match[0].split('<th scope="row"')[1:]
    for row, html in enumerate(rows):
        natural = html.split('<div class="natural">')[1].split('<div class="cell"')[1:]
        assert len(natural) == TOP_IMAGES
        for rank, cell in enumerate(natural):
            if best.natural_top_response[row, rank] == 0:
                assert "no answer" in cell
                assert "<img" not in cell
                continue
            index = int(best.natural_top[row, rank])
            np.testing.assert_array_equal(decoded(cell), whole.data.test.images[index])
            assert f"test image {index}, class {whole.data.test.labels[index]}:" in cell
            assert f"<b>{float(best.natural_top_response[row, rank]):.3f}</b>" in cell


def test_pending_and_failed_are_gaps_with_their_word(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr")
    for epoch in (0.0, 0.5):
        atlas.observe(epoch)
        atlas.screen(epoch)
        atlas.search(epoch, "out")
        atlas.search(epoch, "conv1")
    mark_failed(atlas.path, Block(0.5, "conv1", 0, 4))
    text = written(atlas)
    for (_, epoch), html in cells(text, "conv1").items():
        word = {0.0: None, 0.5: "failed"}.get(epoch, "pending")
        if word:
            assert f'<div class="gap {word}">{word}</div>' in html
            assert "<img" not in html
            assert "<b>" not in html
    assert "<br>4 failed" in text
    assert "28 of 56 results (neurons x epochs) are pending" in text
    assert "4 of 56 results (neurons x epochs) have failed" in text
    assert "no epoch is analysed yet" in text


def test_nothing_is_read_in_the_image_of_a_silent_neuron(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(**SMALL)).fill()
    atlas.search(1.0, "out", status=SILENT)
    summary = read_summary(atlas.path)
    assert (summary.layers[0].measures["mei_class"][1] == -1).all()
    assert (summary.layers[0].measures["preferred_class"][1] >= 0).any()
    assert "| 0 of " in key_figures(read_summary(atlas.path))


def test_what_a_killed_worker_left_is_no_result(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(epochs=(0.0, 1.0)))
    atlas.search(0.0, "out")
    atlas.search(1.0, "out", status=PENDING)
    layer = read_summary(atlas.path).layers[1]
    assert layer.name == "out"
    assert (layer.status[1] == PENDING).all()
    assert np.isnan(layer.response[1]).all()
    assert np.isnan(layer.history[1]).all()
    assert not np.isnan(layer.history[0]).any()
    assert (layer.method[1] == "").all()


def test_a_mean_over_a_part_of_the_neurons_is_drawn_hollow(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(epochs=(0.0, 1.0)))
    for epoch in (0.0, 1.0):
        atlas.search(epoch, "conv1")
    assert (
        "fill: #ffffff; stroke: #0072b2" not in overview_panels(read_summary(atlas.path))[1].drawing
    )
    mark_failed(atlas.path, Block(1.0, "conv1", 0, 2))
    summary = read_summary(atlas.path)
    assert (summary.layers[0].status[1] == FAILED).sum() == 2
    assert "fill: #ffffff; stroke: #0072b2" in overview_panels(summary)[1].drawing


def test_the_search_curve_is_the_mean_over_neurons_and_repeats(whole: Synthetic) -> None:
    summary = read_summary(whole.path)
    layer = summary.layers[0]
    with open_tree(whole.path) as tree:
        history = tree["layers/conv1"].to_dataset().history.values
        screened = tree["screening"].to_dataset().response_conv1.values
    np.testing.assert_allclose(layer.history, history.mean(axis=(1, 3)), rtol=1e-5)
    best = [screened[:, :12].max(axis=1).mean(axis=1), screened[:, 12:].max(axis=1).mean(axis=1)]
    np.testing.assert_allclose(layer.screened, np.mean(best, axis=0), rtol=1e-5)
    panel = search_panel(summary, layer)
    assert panel.heading == "Search at epoch 5"
    for text in (
        "images shown per neuron",
        "best spike rate so far",
        "tt",
        "random",
        "best test image",
    ):
        assert f">{text}</text>" in panel.drawing


def test_three_methods_are_three_curves(tmp_path: Path) -> None:
    methods = ("screened", "tt", "random")
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(methods=methods)).fill()
    summary = read_summary(atlas.path)

    drawing = search_panel(summary, summary.layers[0]).drawing

    for method, colour in zip(methods, COLOURS, strict=False):
        assert f">{method}</text>" in drawing
        assert f"stroke: {colour}" in drawing
    curves = [summary.layers[0].history[-1, place, -1] for place in range(3)]
    assert curves == sorted(curves, reverse=True)


def test_diverse_stimuli_stand_in_a_row(varied: Checked, tmp_path: Path) -> None:
    text = write_report(varied.run.atlas, tmp_path).read_text()
    layer = open_tree(varied.run.atlas)["layers/conv2"].to_dataset().sel(epoch=2).load()
    best = layer.stack(search=("method", "repeat"))
    rows = re.search(r'<div class="grid variety".*?</table>', text, re.DOTALL)
    assert rows is not None
    assert "As different as possible" in text

    rows_read = 0
    for neuron in range(best.sizes["neuron"]):
        one = best.isel(neuron=neuron)
        one = one.isel(search=int(one.response.values.argmax()))
        cells = re.search(rf"<b>neuron {neuron}</b></th>(.*?)</tr>", rows[0], re.DOTALL)
        count = int(one.diverse_count)
        assert (cells is not None) == (count > 0)
        if cells is None:
            continue
        pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', cells[1])
        assert len(pictures) == 1 + count
        images = [one.mei.values, *one.diverse.values[:count]]
        for picture, image in zip(pictures, images, strict=True):
            np.testing.assert_array_equal(
                np.asarray(Image.open(io.BytesIO(base64.b64decode(picture)))), image[0]
            )
        texts = [f"<b>{float(value):.3f}</b>" for value in one.diverse_response.values[:count]]
        assert all(response in cells[1] for response in texts)
        rows_read += 1
    assert rows_read


def test_charts_of_nothing_say_so() -> None:
    nothing = np.full(3, np.nan)
    drawing = chart(
        "empty",
        epoch_axis(np.arange(3.0)),
        [Curve("a", nothing, band=(nothing, nothing))],
        label="rate",
    )
    assert ">no values yet</text>" in drawing
    assert ">rate</text>" in drawing
    assert ">epoch</text>" in drawing


def test_many_lines_differ_and_their_legend_leaves_room() -> None:
    lines = [Curve(f"layer {n}", np.full(3, n / 20)) for n in range(16)]
    drawing = chart("many", epoch_axis(np.arange(3.0)), lines, label="rate")
    assert all(f">layer {n}</text>" in drawing for n in range(16))
    strokes = re.findall(r'fill: none; (stroke-dasharray[^"]*?)?(stroke: #\w+)[^"]*"/>', drawing)
    assert len(strokes) >= 16


def test_means_and_quartiles_pass_over_what_is_not_known() -> None:
    values = np.array([[1.0, 3.0, np.nan], [np.nan] * 3])
    np.testing.assert_array_equal(mean(values, 1), [2, np.nan])
    assert mean(values, 2) == 2
    np.testing.assert_array_equal(
        quartiles(np.array([[0, 1, 2, np.inf], [np.nan] * 4]))[:, 0], [0.5, 1, 1.5]
    )
    assert np.isnan(quartiles(values)[:, 1]).all()


def test_measures_that_are_being_redone_are_not_shown(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(epochs=(0.0, 1.0))).fill()
    clear_epoch(atlas.path, 1.0)
    text = written(atlas)
    assert not any(
        "prefers" in html for (_, epoch), html in cells(text, "out").items() if epoch == 1
    )
    assert any("prefers" in html for (_, epoch), html in cells(text, "out").items() if epoch == 0)
    assert "classes at epoch 0, the last analysed" in key_figures(read_summary(atlas.path))


SMALL: Mapping[str, Any] = {"epochs": (0.0, 1.0), "layers": {"out": (0, 1, 2)}}

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


def test_a_network_in_which_everything_is_silent(tmp_path: Path) -> None:
    atlas = Silent(tmp_path / "atlas.zarr", plan(**SMALL)).fill()
    text = written(atlas)
    assert "<img" not in text
    assert all('<div class="gap off">silent</div>' in html for html in cells(text, "out").values())
    expected = ["out", "3", "0.000", "0", "3", "0", "0", "0", *[UNKNOWN] * 3, "0 of 0"]
    assert f"| {' | '.join(expected)} |" in key_figures(read_summary(atlas.path))


def test_a_saturated_neuron_keeps_its_picture_and_says_so(tmp_path: Path) -> None:
    atlas = Saturated(tmp_path / "atlas.zarr", plan(**SMALL)).fill()
    html = cells(written(atlas), "out")[0, 1.0]
    assert "<img" in html
    assert "<span>saturated</span>" in html


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


def test_names_are_escaped(tmp_path: Path) -> None:
    classes = ("<script>x</script>", "a & b", *"23456789")
    atlas = Synthetic(
        tmp_path / "atlas.zarr", plan(**SMALL, classes=classes), note="<b>bold</b>"
    ).fill()
    text = written(atlas)
    assert "<script>x" not in text
    assert "<b>bold" not in text
    assert "a &amp; b" in text


def test_key_figures(whole: Synthetic) -> None:
    with open_tree(whole.path) as tree:
        table = tree["neurons"].to_dataset().load()
        accuracy = tree.to_dataset().accuracy.values
    out = table.sel(neuron=table.layer == "out").isel(epoch=-1)
    defined = out.preferred_class >= 0
    agreed = defined & (out.mei_class == out.preferred_class)
    counts = [int((out.status == state).sum()) for state in (DONE, SILENT, SATURATED)]
    expected = [
        "out",
        "10",
        f"{float(out.response.mean()):.3f}",
        *map(str, counts),
        "0",
        "0",
        *(
            f"{float(out[name].median()):.2f}"
            for name in ("natural_ratio", "random_ratio", "class_selectivity_index")
        ),
        f"{int(agreed.sum())} of {int(defined.sum())}",
    ]
    text = key_figures(read_summary(whole.path))
    assert f"| {' | '.join(expected)} |" in text
    assert f"| test accuracy | {' | '.join(f'{value:.3f}' for value in accuracy)} |" in text
    assert "All figures are of epoch 5." in text


def test_the_query_on_the_page_works(
    whole: Synthetic, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert match
    code = unescape(match[1])
    assert len(code.splitlines()) == 6
    monkeypatch.chdir(whole.path.parent)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - it is our own page that we try
    assert names["mei"].dtype == np.uint8
    assert names["mei"].shape == whole.layout.image
    assert str(names["best"].layer.values) == "out"


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    whole: Synthetic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("old")

    def full(path: Path, *_: object, **__: object) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space left"):
            write_report(whole.path, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "old"


def test_no_atlas(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no atlas at .*nothing\.zarr"):
        write_report(tmp_path / "nothing.zarr", tmp_path)
    with pytest.raises(FileNotFoundError):
        key_figures(read_summary(tmp_path / "nothing.zarr"))


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_lossless_and_of_their_own_size(channels: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (channels, 9, 9)).astype(np.uint8)
    np.testing.assert_array_equal(decoded(f'src="{data_uri(image)}"'), image)


@pytest.mark.parametrize(
    ("size", "expected"), [(8, 56), (16, 64), (28, 56), (32, 64), (64, 64), (96, 96), (224, 112)]
)
def test_pictures_take_whole_screen_pixels(size: int, expected: int) -> None:
    assert side(size) == expected


def test_short_names() -> None:
    assert short_names(["Trouser", "Bag", "Coat", "T-shirt/top"]) == ["Tro", "Bag", "Coat", "T-s"]
    assert short_names(["cardoon", "cards"]) == ["0", "1"]
    assert short_names(["sandal", "sandy", "sand"]) == ["0", "1", "2"]
    assert short_names(["shell", "shelf", "sun"]) == ["0", "1", "2"]
    assert short_names(["shoe", "shirt"]) == ["shoe", "shi"]


def test_ticks_keep_their_distance() -> None:
    close = np.array([0.0, 0.1, 5.0, 9.9, 10.0])
    np.testing.assert_array_equal(thinned(close, close), [0.1, 5.0, 10.0])
    assert not epoch_axis(np.arange(6.0)).scale
    assert epoch_axis(np.array([0, 0.1, 1, 5])).scale["linthresh"] == 0.1
    np.testing.assert_array_equal(image_axis(np.array([1, 30, 480, 500])).ticks, [1, 10, 100, 500])
    np.testing.assert_array_equal(image_axis(np.array([1, 1010])).ticks, [1, 10, 100, 1010])
