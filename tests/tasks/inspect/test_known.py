"""The best known image in answers to people: beside each neuron, and counted for the whole atlas."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import KNOWN, SILENT, open_tree
from spikeatlas.tasks.inspect.info import describe
from spikeatlas.tasks.inspect.neurons import Selection, draw_stimuli, read_neurons, save_image

ALL = Selection(None, None, None, None, None)


def root_of(checked: Checked) -> Any:
    return zarr.open_group(checked.run.atlas, mode="r+")


def test_each_neuron_is_told_with_it(compared: Checked) -> None:
    frame = read_neurons(compared.run.atlas, ALL).frame
    table = open_tree(compared.run.atlas)["neurons"].sel(epoch=2)

    np.testing.assert_array_equal(frame["best known"], table.best_known.values)
    assert (frame["best known"] >= frame["response"]).all()
    told = [words.split(" ")[0] for words in frame["known from"]]
    assert told == [source.split(" ")[0] for source in table.best_known_source.values.tolist()]


@pytest.mark.parametrize(
    ("source", "image", "told"),
    [
        ("search", -1, "search"),
        ("epoch", -1, "epoch 1"),
        ("neuron", -1, "neuron 4, epoch 1"),
        ("test image", 17, "test image 17"),
        ("screening", 3, "screening 3"),
        ("blank", 2, "blank white"),
    ],
)
def test_each_source_in_words(compared_copy: Checked, source: str, image: int, told: str) -> None:
    best = root_of(compared_copy)["best/conv2"]
    for name, value in (("source", source), ("image", image), ("epoch", 1.0), ("neuron", 4)):
        best[f"best_known_{name}"][2, 0] = value

    frame = read_neurons(compared_copy.run.atlas, ALL._replace(layer="conv2", neuron=0)).frame

    assert frame["known from"].tolist() == [told]


def test_where_it_is_not_chosen_yet_there_is_none(compared_copy: Checked) -> None:
    root_of(compared_copy)[KNOWN][2] = 0

    frame = read_neurons(compared_copy.run.atlas, ALL).frame

    assert frame["best known"].isna().all()
    assert set(frame["known from"]) == {""}
    assert "in 0 of 0" not in describe(compared_copy.run.atlas)


def test_info_counts_where_the_search_fell_short(compared: Checked) -> None:
    text = describe(compared.run.atlas)

    table = open_tree(compared.run.atlas)["neurons"].load()
    for layer, count in (("conv2", 6), ("fc1", 8)):
        sources = table.best_known_source.values[:, table["layer"].values == layer]
        (line,) = re.findall(rf"^{layer}: .*$", text, re.MULTILINE)
        assert line.endswith(f"in {(sources != 'search').sum()} of {3 * count} neuron-epochs")


def test_info_says_what_is_not_measured(compared: Checked, made: Checked) -> None:
    (line,) = [line for line in describe(made.run.atlas).splitlines() if "not measured" in line]
    assert "/importance/ablation (analysis.ablation)" in line
    assert "/diverse (search.diverse)" in line
    (line,) = [line for line in describe(compared.run.atlas).splitlines() if "not measured" in line]
    assert "ablation" not in line
    assert "cross" not in line


def test_a_silent_neuron_has_no_picture(made: Checked, tmp_path: Path) -> None:
    status = open_tree(made.run.atlas)["layers/fc1"].status.sel(epoch=2).values
    neuron = int(np.flatnonzero((status == SILENT).all(axis=(1, 2)))[0])
    found = read_neurons(made.run.atlas, ALL._replace(layer="fc1", neuron=neuron))

    with pytest.raises(ValueError, match="this neuron is silent"):
        save_image(found, tmp_path / "mei.png")
    draw_stimuli(found, tmp_path / "sheet.png")
    assert not (tmp_path / "mei.png").exists()
