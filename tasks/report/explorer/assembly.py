"""The page: numbers and pictures of an atlas, with the script that shows them, in one HTML file."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from spikeatlas.tasks.atlas import Tree, open_tree
from spikeatlas.tasks.report.averages import Array
from spikeatlas.tasks.report.explorer import layer_data, thumbnails
from spikeatlas.tasks.report.explorer.columns import KnownMeasure, known_measures, varying
from spikeatlas.tasks.report.explorer.overview import layer_overview
from spikeatlas.tasks.report.explorer.packing import pack
from spikeatlas.tasks.report.explorer.page_budget import LIMIT, PageBudget
from spikeatlas.tasks.report.explorer.page_index import atlas_index, sentences
from spikeatlas.tasks.report.explorer.sprites import sheets, tiles_per_sheet
from spikeatlas.tasks.report.layers import LayerSummary
from spikeatlas.tasks.report.summary import Summary
from spikeatlas.tasks.study.location import Place

SCRIPTS = (
    "state",
    "numbers",
    "sprites",
    "words",
    "charts",
    "tables",
    "overview",
    "tiles",
    "grid",
    "neuron",
    "main",
)
"""The page's scripts in the order in which they stand: each uses only those before it when it is read."""

HERE = Path(__file__).parent


def render_explorer(atlas: Place, summary: Summary, limit: int = LIMIT) -> str:
    """Render the page as HTML of at most ``limit`` bytes; what does not fit is left out, and the page says so.

    The same atlas gives the same text.
    """
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    frame = {
        "title": summary.data_name,
        "style": Markup((HERE / "explorer.css").read_text(encoding="utf-8")),
        "script": Markup(
            "\n".join((HERE / "js" / f"{s}.js").read_text(encoding="utf-8") for s in SCRIPTS)
        ),
    }
    with open_tree(atlas) as tree:
        budget, index = Collector(tree, summary, limit).collect(atlas)
    return environment.get_template("template.html").render(
        **frame,
        index=Markup(_json(index)),
        parts={name: Markup(text) for name, text in budget.parts.items()},
    )


FRAME = 400_000
"""Bytes kept for script, style and index."""


def _json(value: Any) -> str:
    """Return JSON that may stand in a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


class Collector:
    """The parts of the page: what matters most is put in first."""

    def __init__(self, tree: Tree, summary: Summary, limit: int) -> None:
        """Open every layer's groups."""
        self.tree, self.summary, self.budget = tree, summary, PageBudget(limit, spent=FRAME)
        self.groups = {layer.name: tree.layer(layer.name) for layer in summary.layers}
        self.measures: list[KnownMeasure] = []
        self.blocks: dict[str, dict[str, Any]] = {layer.name: {} for layer in summary.layers}
        self.sheets: dict[str, int] = {}
        self.overviews: dict[str, Any] = {}
        self.natural: list[int] = []

    def collect(self, atlas: Place) -> tuple[PageBudget, dict[str, Any]]:
        """Fill the page; returns its parts, and the index that tells where each is."""
        self.measure()
        if not self.summary.searched:
            self.tell_tuning()
            self.show_natural()
            return self.budget, self.index(atlas)
        self.show("best", "MEIs", thumbnails.best_images)
        self.show("least", "least exciting images", thumbnails.least_images)
        self.tell()
        self.show_natural()
        self.show("other", "pictures of searches that were not a neuron's best", self._others)
        self.show("diverse", "pictures of diverse stimuli", self._diverse)
        return self.budget, self.index(atlas)

    def measure(self) -> None:
        """Put in states, responses and measures of every neuron: the page is nothing without them."""
        summary = self.summary
        cores = {layer.name: self._core(layer) for layer in summary.layers}
        measures, layout = known_measures(self.tree, summary.layout), summary.layout
        signed = any(layout.unit(layer.name).signed for layer in summary.layers)
        self.measures = varying(measures, cores.values(), signed=signed)
        for layer in summary.layers:
            core = cores[layer.name]
            self.overviews[layer.name] = layer_overview(summary, layer, core, self.measures)
            packed = pack(core)
            self.budget.must(f"numbers/{layer.name}/core", packed.text)
            self.blocks[layer.name]["core"] = packed.header

    def _core(self, layer: LayerSummary) -> dict[str, Array]:
        if not self.summary.searched:
            return layer_data.tuned_core(self.tree, layer)
        tiles, group = thumbnails.best_tiles(layer), self.groups[layer.name]
        return layer_data.core(self.tree, self.summary, layer, group, tiles)

    def tell_tuning(self) -> None:
        """Put in the numbers of the neuron's view that need no search."""
        for layer in self.summary.layers:
            self._tuning(layer)

    def _tuning(self, layer: LayerSummary) -> None:
        arrays = layer_data.tuning(layer, self.summary, self.groups[layer.name])
        counted = layer_data.references(self.tree, layer, self.summary)
        self._numbers(layer, "tuning", arrays | counted)

    def tell(self) -> None:
        """Put in the numbers of the neuron's view."""
        for layer in self.summary.layers:
            group = self.groups[layer.name]
            tiles = thumbnails.other_tiles(group, layer)
            diverse = thumbnails.diverse_stimuli(group, layer.place)
            self._tuning(layer)
            self._numbers(layer, "searches", layer_data.searches(group, tiles) | diverse)
            self._numbers(layer, "cross", layer_data.cross(self.tree, group))
            self._numbers(layer, "drift", layer_data.drifts(self.tree, layer.name, group))

    def _numbers(self, layer: LayerSummary, name: str, arrays: dict[str, Array]) -> None:
        if arrays:
            packed = pack(arrays)
            place = f"numbers/{layer.name}/{name}"
            if self.budget.may(f"numbers ({name})", layer.name, place, [packed.text]):
                self.blocks[layer.name][name] = packed.header

    def show(self, kind: str, what: str, images: Any) -> None:
        """Put in pictures of every layer, of the last epoch first, then of the first, then of those between."""
        for row in spread(len(self.summary.epochs)):
            for layer in self.summary.layers:
                tiles = images(layer, row)
                name = f"{kind}/{layer.name}/{row}"
                which = f"epoch {self.summary.epochs[row]:g}"
                count = self.budget.may(what, which, name, sheets(tiles)) if len(tiles) else 0
                if count is not None:
                    self.sheets[name] = count

    def _others(self, layer: LayerSummary, row: int) -> Array:
        return thumbnails.other_images(self.groups[layer.name], layer, row)

    def _diverse(self, layer: LayerSummary, row: int) -> Array:
        group = self.groups[layer.name]
        counts = thumbnails.diverse_stimuli(group, layer.place).get("diverse_count")
        if counts is None:
            return np.empty(0, np.uint8)
        return thumbnails.diverse_images(group, layer.place, counts, row)

    def show_natural(self) -> None:
        """Put in the test images that the neurons like best, as many as there is room for."""
        test = self.summary.test.split
        if test is None:
            return
        order = thumbnails.natural_order(self.summary)
        images = thumbnails.natural_images(test, order)
        step = tiles_per_sheet(*images.shape[2:]) if len(images) else 1
        for at, sheet in enumerate(sheets(images)):
            which = f"{len(order) - at * step} of {len(order)}"
            if self.budget.may("test images", which, f"natural/{at}", [sheet]) is None:
                break
            self.natural = order[: (at + 1) * step]

    def index(self, atlas: Place) -> dict[str, Any]:
        """Return all that the page needs before it unpacks anything."""
        layers = [
            {
                "name": layer.name,
                "neurons": list(layer.neurons),
                "blocks": self.blocks[layer.name],
                **self.overviews[layer.name],
            }
            for layer in self.summary.layers
        ]
        return {
            **atlas_index(self.tree, self.summary, self.measures),
            **sentences(self.tree, self.summary, atlas),
            "left_out": self.budget.sentences(),
            "layers": layers,
            "sheets": self.sheets,
            "natural": {"order": self.natural, "labels": self._labels()},
        }

    def _labels(self) -> list[int]:
        test = self.summary.test.split
        return [] if test is None else [int(test.labels[index]) for index in self.natural]


def spread(count: int) -> list[int]:
    """Order 0 to count - 1: the last, the first, then ever halfway between those that came before."""
    order = list(dict.fromkeys([count - 1, 0]))
    while len(order) < count:
        places = sorted(order)
        gaps = [(b - a, a + (b - a) // 2) for a, b in pairwise(places)]
        order.append(max(gaps, key=lambda gap: (gap[0], gap[1]))[1])
    return order
