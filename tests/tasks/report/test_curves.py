"""The curves are means of what the atlas holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spikeatlas.tasks.atlas import FAILED, open_tree
from spikeatlas.tasks.atlas.write import mark_failed
from spikeatlas.tasks.report.curves import overview_panels, search_panel
from spikeatlas.tasks.report.figures import COLOURS
from spikeatlas.tasks.report.summary import read_summary
from spikeatlas.tasks.study.blocks import Block
from tests.tasks.report.synthetic import (
    Synthetic,
    plan,
)


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
        history = tree["history/conv1"].history.values
        screened = tree["screening/conv1"].screening_response.values
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
