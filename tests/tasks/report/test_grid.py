"""The grid of a layer: its pictures, gaps and words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from spikeatlas.tasks.atlas import SILENT, STATUS, TOP_IMAGES, open_tree
from spikeatlas.tasks.atlas.write import mark_failed
from spikeatlas.tasks.report import key_figures
from spikeatlas.tasks.report.summary import read_summary
from spikeatlas.tasks.study.blocks import Block
from tests.tasks.report.synthetic import (
    SMALL,
    Saturated,
    Synthetic,
    cells,
    decoded,
    plan,
    written,
)


def test_each_picture_is_the_best_image_of_its_neuron_and_epoch(
    whole: Synthetic, page: str
) -> None:
    with open_tree(whole.path) as tree:
        table = tree["neurons"].load()
        layers = {layer: tree[f"image/{layer}"].load() for layer in whole.layout.layers}
    pictured = 0
    for row in range(table.sizes["neuron"]):
        for epoch in whole.layout.epochs:
            best = table.isel(neuron=row).sel(epoch=epoch)
            layer, neuron = str(best.layer.values), int(best.neuron_index)
            html = cells(page, layer)[neuron, epoch]
            assert f"<b>{float(best.response):.3f}</b>" in html
            if best.status == STATUS[SILENT]:
                assert "<img" not in html
                continue
            where = {
                "epoch": epoch,
                "neuron": neuron,
                "search": str(best.best_search.values),
                "repeat": int(best.best_repeat),
            }
            np.testing.assert_array_equal(decoded(html), layers[layer].mei.sel(where).values)
            assert f"found by {where['search']}, repeat {where['repeat']}" in html
            read, preferred = int(best.mei_class), int(best.preferred_class)
            assert f">{read} / {preferred}</span>" in html
            assert ("agrees" in html) == (read == preferred)
            pictured += 1
    assert pictured > 40


def test_the_natural_images_are_the_test_images_that_the_atlas_names(
    whole: Synthetic, page: str
) -> None:
    with open_tree(whole.path) as tree:
        best = tree["natural_top/out"].isel(epoch=-1).load()
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


def test_a_saturated_neuron_keeps_its_picture_and_says_so(tmp_path: Path) -> None:
    atlas = Saturated(tmp_path / "atlas.zarr", plan(**SMALL)).fill()
    html = cells(written(atlas), "out")[0, 1.0]
    assert "<img" in html
    assert "<span>saturated</span>" in html
