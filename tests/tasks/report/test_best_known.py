"""What beats the best found by the search stands beside it, and is counted."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import KNOWN, SOURCES, open_tree
from spikeatlas.tasks.atlas.write import write_epoch
from spikeatlas.tasks.report import key_figures
from spikeatlas.tasks.report.summary import read_summary
from tests.tasks.report.synthetic import SMALL, Synthetic, cells, plan, written

ORIGINS = {
    "epoch": "beaten by the MEI of epoch 0: 0.840",
    "neuron": "beaten by neuron 2's MEI of epoch 0: 0.840",
    "test image": "beaten by a test image: 0.840",
    "screening": "beaten by a screening image: 0.840",
    "blank": "beaten by a blank image (white): 0.840",
}


def plant(atlas: Synthetic, epoch: float, source: str) -> None:
    """Let the first neuron's best known image be of that source, and the others' be the search's."""
    count = atlas.layout.neurons
    names = np.array([source, *["search"] * (count - 1)], object)
    of_mei = source in ("search", "epoch", "neuron")
    arrays = {
        "best_known": np.full(count, 0.84, np.float32),
        "best_known_source": names,
        "best_known_epoch": np.where(names == "search", epoch, 0.0 if of_mei else np.nan),
        "best_known_neuron": np.full(count, 2 if of_mei else -1, np.int32),
        "best_known_image": np.full(count, -1 if of_mei else 2, np.int32),
    }
    write_epoch(atlas.path, epoch, {f"best/out/{n}": v for n, v in arrays.items()}, KNOWN)


@pytest.mark.parametrize("source", ORIGINS)
def test_the_page_says_what_beats_the_search(source: str, tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(**SMALL)).fill()
    plant(atlas, 1.0, source)
    found = cells(written(atlas), "out")
    assert ORIGINS[source] in unescape(found[0, 1.0])
    assert '<i class="beaten">' in found[0, 1.0]
    rest = [html for key, html in found.items() if key != (0, 1.0)]
    assert len(rest) == 5
    assert not any("beaten" in html for html in rest)
    assert " | 1 of 3 |" in key_figures(read_summary(atlas.path))


def test_what_the_search_found_is_not_beaten(tmp_path: Path) -> None:
    atlas = Synthetic(tmp_path / "atlas.zarr", plan(**SMALL)).fill()
    for epoch in atlas.layout.epochs:
        plant(atlas, epoch, "search")
    assert 'class="beaten"' not in written(atlas)
    assert " | 0 of 6 |" in key_figures(read_summary(atlas.path))


def test_it_is_what_the_atlas_holds(compared: Checked) -> None:
    known = {layer.name: layer.best_known for layer in read_summary(compared.run.atlas).layers}
    with open_tree(compared.run.atlas) as tree:
        for layer, told in known.items():
            best = tree[f"best/{layer}"]
            assert told.compared.all()
            elsewhere = best.best_known_source.values != "search"
            np.testing.assert_array_equal(told.elsewhere, elsewhere)
            assert (best.best_known.values > best.response.values)[elsewhere].all()
            for row, place in np.argwhere(elsewhere):
                assert SOURCES[told.source[row, place]] == best.best_known_source.values[row, place]
                if np.isfinite(best.best_known_epoch.values[row, place]):
                    epoch = best.epoch.values[told.epoch[row, place]]
                    assert epoch == best.best_known_epoch.values[row, place]
    assert any(told.elsewhere.any() for told in known.values())
