from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.analysis.drift import drift
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.report.explorer import render_explorer
from spikeatlas.tasks.report.explorer.assembly import FRAME, spread
from spikeatlas.tasks.report.explorer.packing import Packed
from spikeatlas.tasks.report.summary import read_summary
from tests.tasks.report.explorer.test_packing import unpack
from tests.tiny import atlas_folder


def index(html: str) -> Any:
    match = re.search(r'id="index">(.*?)</script>', html, re.DOTALL)
    assert match
    return json.loads(match[1])


def page_of(atlas: Path, **options: int) -> str:
    return render_explorer(atlas, read_summary(atlas), **options)


def test_it_stands_beside_the_report_and_needs_nothing_else(explored: Path) -> None:
    html = explored.read_text()
    assert 'href="explore.html"' in (explored.parent / "index.html").read_text()
    assert not re.search(r'(src|href)="(https?:)?//', html)
    assert "{{" not in html
    content = index(html)
    assert [layer["name"] for layer in content["layers"]] == ["conv2", "fc1"]
    assert [claim["answer"] for claim in content["claims"]] == ["undecided"] * 3
    assert "training" not in content["missing"]


def test_the_same_atlas_gives_the_same_page(compared: Checked) -> None:
    assert page_of(atlas_folder(compared)) == page_of(atlas_folder(compared))


def test_a_small_page_leaves_pictures_out_and_says_which(compared: Checked) -> None:
    whole = page_of(atlas_folder(compared))
    parts = sum(len(text) for text in re.findall(r'"text/plain" id="[^"]+">([^<]+)<', whole))
    limit = FRAME + parts - 1000
    small = page_of(atlas_folder(compared), limit=limit)
    content, whole_content = index(small), index(whole)
    assert len(small.encode()) <= limit
    assert not whole_content["left_out"]
    assert content["left_out"] == [
        f"To stay below {limit / 1e6:g} MB this page leaves out test images: 50 of 50. The atlas holds them."
    ]
    assert content["natural"]["order"] == []
    # what matters more is still there
    assert content["sheets"] == whole_content["sheets"]


def test_an_older_atlas_names_what_it_lacks(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    for name in (
        "natural_image",
        "cross",
        "importance/ablation",
        "progress/layers",
    ):
        del root[name]
    (atlas_folder(compared_copy).parent / "claims.json").unlink()
    missing = index(page_of(atlas_folder(compared_copy)))["missing"]
    assert {"claims", "training", "cross", "ablation", "population", "diverse"} <= set(missing)
    assert all(text.endswith(".") for text in missing.values())


def test_half_an_atlas_has_gaps(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    analysed: Any = root["progress/analysed"]
    status: Any = root["layers/fc1/status"]
    analysed[:], status[2] = np.uint8(0), np.uint8(0)
    content = index(page_of(atlas_folder(compared_copy)))
    assert "measures" in content["missing"]
    assert content["problems"]
    assert content["layers"][1]["states"]["pending"][2] == 8
    assert content["layers"][0]["selective"] == [None] * 3


def test_it_counts_the_selective_neurons_of_each_epoch(compared: Checked) -> None:
    content = index(page_of(atlas_folder(compared)))
    with open_tree(compared.run.atlas) as tree:
        table = tree["selectivity"].load()
    bars = content["bars"]
    selective = (table.class_selectivity_index >= bars["csi"]) & (table.selective_q <= bars["rate"])
    counts = selective.groupby("layer").sum("neuron")
    for layer in content["layers"]:
        assert layer["selective"] == counts.sel(layer=layer["name"]).values.tolist()


def test_drift_is_that_of_the_analysis(compared: Checked) -> None:
    html = page_of(atlas_folder(compared))
    text = re.search(r'id="numbers/fc1/drift/0">(.*?)</script>', html, re.DOTALL)
    assert text
    fc1 = next(layer for layer in index(html)["layers"] if layer["name"] == "fc1")
    arrays = unpack(Packed(fc1["blocks"]["drift"], text[1]))
    with open_tree(compared.run.atlas) as tree:
        group = tree.layer("fc1")
        for kind in ("image", "latent", "response"):
            for name, values in drift(group, kind).items():
                np.testing.assert_allclose(arrays[f"{kind}_{name}"], values, rtol=1e-5)


@pytest.mark.parametrize(("count", "order"), [(1, [0]), (2, [1, 0]), (5, [4, 0, 2, 3, 1])])
def test_epochs_are_spread(count: int, order: list[int]) -> None:
    assert spread(count) == order
