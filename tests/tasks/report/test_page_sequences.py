"""The report of an atlas without searches: test sequences as film strips, and nothing about MEIs."""

from __future__ import annotations

import base64
import io
import re
from html import unescape
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.report import key_figures, read_summary
from spikeatlas.tasks.report.artifacts import epoch_table
from spikeatlas.tasks.report.page import render
from spikeatlas.tasks.report.pictures import film_strips
from tests.tiny import atlas_folder


@pytest.fixture(scope="module")
def page(sequences: Checked) -> str:
    return render(read_summary(sequences.run.atlas))


def test_it_says_what_there_is_and_what_is_not(page: str) -> None:
    text = re.sub(r"<[^>]*>", " ", page[page.index("<body>") :])
    assert "Nothing was searched (search.methods: [])" in text
    assert "Each picture is a sequence of 3 frames, from left to right." in text
    assert text.count("MEI") == 1
    assert "pending" not in text
    assert "best of the screening" not in text
    assert "mean response to best test sequence" in text


def test_every_link_leads_somewhere(page: str) -> None:
    places = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= places


def test_a_neuron_s_pictures_are_its_best_sequences(sequences: Checked, page: str) -> None:
    with open_tree(sequences.run.atlas) as tree:
        top = tree["natural_top/conv2"].natural_top.values
    strips = film_strips(sequences.data.test.images)
    row = page[page.index("<b>neuron 1</b>") :].split("</tr>", maxsplit=1)[0]
    pictures = re.findall(r'<img src="data:image/png;base64,([^"]+)"', row)
    films = [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in pictures]
    best = [*top[:, 1, 0], *top[-1, 1]]
    assert len(films) == len(best)
    for picture, index in zip(films, best, strict=True):
        np.testing.assert_array_equal(picture, strips[index, 0])


def test_the_query_on_the_page_works(
    sequences: Checked, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert match
    monkeypatch.chdir(atlas_folder(sequences).parent)
    names: dict[str, Any] = {}
    exec(unescape(match[1]), names)  # noqa: S102 - it is our own page that we try
    assert names["tuning"].dims == ("category",)
    assert int(names["best"].natural_top.sel(rank=0)) >= 0


def test_the_figures_and_the_table_of_an_epoch_are_of_test_sequences(sequences: Checked) -> None:
    figures = key_figures(read_summary(sequences.run.atlas))
    assert "mean response to best test sequence" in figures
    assert "All figures are of epoch 2." in figures
    with open_tree(sequences.run.atlas) as tree:
        first, *_ = epoch_table(tree, 2)
        best = tree["natural_top/conv2"].natural_top_response.sel(epoch=2, rank=0)
        assert first["mean response to best test sequence"] == round(float(best.mean()), 3)
    assert "MEI / best test image" not in first
