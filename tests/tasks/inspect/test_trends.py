from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.inspect.neurons import (
    SHEET,
    NeuronResults,
    Selection,
    draw_stimuli,
    read_neurons,
)
from spikeatlas.tasks.inspect.text import PICTURES, as_json, draw, text
from spikeatlas.tasks.inspect.trends import MARKS, TRENDS, read_trend
from tests.tasks.report.explorer.conftest import plant_switch
from tests.tiny import atlas_folder

ALL = Selection(None, None, None, None, None)


def asked(checked: Checked, about: str, **chosen: Any) -> pd.DataFrame:
    return read_trend(checked.run.atlas, about, ALL._replace(**chosen))


def test_the_unit_at_a_position_is_held_against_its_channel(compared: Checked) -> None:
    frame = asked(compared, "position", layer="fc1")
    # units without a map are what their neurons are
    assert len(frame) == 3
    assert (frame["difference"].fillna(0) == 0).all()
    assert (frame["csi, channel"].fillna(0) == frame["csi, position"].fillna(0)).all()
    assert (asked(compared, "position", layer="conv2")["size of it"] > 0).any()


@pytest.mark.parametrize("about", TRENDS)
def test_each_is_a_table_json_and_a_picture(compared: Checked, about: str, tmp_path: Path) -> None:
    found = asked(compared, about)
    assert len(json.loads(as_json(found))) == len(found)
    assert str(found.columns[0]) in text(found)
    draw(found, about, tmp_path / "answer.png")
    assert (tmp_path / "answer.png").stat().st_size > 5000


def test_each_has_a_picture() -> None:
    assert set(PICTURES) == set(TRENDS)


def test_a_switch_is_told_with_its_classes(compared_copy: Checked) -> None:
    plant_switch(atlas_folder(compared_copy), 4)
    (switch,) = asked(compared_copy, "switched").to_dict("records")
    told = [switch[name] for name in ("layer", "neuron_index", "from", "to", "switch_epoch")]
    assert told == ["conv2", 4, "3", "5", 2]


def test_onset_goes_layer_by_layer_from_the_earliest(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    onset: Any = root["training/onset_epoch"]
    onset[:] = [2, 1, np.nan, 0, 1, 2, *[np.nan] * 7, 0]
    found = asked(compared_copy, "onset")
    assert found["layer"].tolist() == ["conv2"] * 6 + ["fc1"] * 8
    assert found["neuron_index"].tolist()[:7] == [3, 1, 4, 0, 5, 2, 7]


def test_methods_tell_the_curves_of_the_last_epoch(compared: Checked) -> None:
    found = asked(compared, "methods")
    assert found[["layer", "method"]].to_numpy().tolist() == [["conv2", "random"], ["fc1", "random"]]  # fmt: skip
    curves = found.iloc[:, 2:]
    assert curves.columns[[0, -1]].tolist() == ["1", "20"]
    assert 2 <= curves.shape[1] <= MARKS
    history, natural = (
        xr.open_zarr(compared.run.atlas, group=f"{kind}/fc1", consolidated=False).isel(epoch=-1)
        for kind in ("history", "natural_top")
    )
    best = natural.natural_top_response.isel(rank=0)
    expected = (history.history.sel(images=20) / best.where(best > 0)).mean()
    assert curves.loc[1, "20"] == pytest.approx(float(expected))
    assert (curves.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def test_importance_begins_with_the_neuron_most_needed(compared: Checked) -> None:
    found = asked(compared, "importance")
    table = xr.open_zarr(compared.run.atlas, group="importance/ablation", consolidated=False)
    held = table.isel(epoch=-1).load()
    most = held.isel(neuron=int(held.loss_increase.argmax("neuron")))
    first = found.iloc[0]
    named = (most["layer"].item(), most["neuron_index"].item())
    assert (first["layer"], first["neuron_index"]) == named
    assert first["loss_increase"] == most.loss_increase.item()
    assert found["loss_increase"].is_monotonic_decreasing


def test_shares_are_undefined_where_nothing_is_analysed(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    analysed: Any = root["progress/analysed"]
    analysed[2] = 0
    course = asked(compared_copy, "accuracy")
    assert course["epoch"].tolist() == [0, 1, 2]
    held = xr.open_zarr(compared_copy.run.atlas, group="progress", consolidated=False)
    assert np.array_equal(course["accuracy"], held.accuracy)
    assert course[["conv2", "fc1"]].isna().all(axis=1).tolist() == [False, False, True]
    analysed[:] = 0
    with pytest.raises(ValueError, match="no epoch is analysed yet: run the study to its end"):
        asked(compared_copy, "methods")


@pytest.mark.parametrize("about", TRENDS)
def test_one_layer_may_be_asked_for(compared: Checked, about: str) -> None:
    found = asked(compared, about, layer="fc1")
    whole = asked(compared, about)
    if "layer" in whole:
        assert len(found) == (whole["layer"] == "fc1").sum()
    else:
        assert found.columns.tolist() == ["epoch", "accuracy", "fc1"]


def test_what_does_not_fit_is_one_sentence(compared_copy: Checked) -> None:
    with pytest.raises(ValueError, match="--layer conv9: the atlas has conv2, fc1"):
        asked(compared_copy, "onset", layer="conv9")
    with pytest.raises(ValueError, match="--epoch, --repeat: --about onset tells of the whole"):
        asked(compared_copy, "onset", epoch=2.0, repeat=0)
    with pytest.raises(ValueError, match="it answers neurons, onset"):
        asked(compared_copy, "weather")
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    del root["training"], root["importance/ablation"]
    for about, group in (("onset", "training"), ("switched", "training"), ("importance", "importance/ablation")):  # fmt: skip
        with pytest.raises(ValueError, match=f"this atlas has no /{group}"):
            asked(compared_copy, about)


def test_what_a_run_cannot_add_is_not_asked_of_one(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    del root["training"], root["importance/ablation"]
    with pytest.raises(ValueError, match="has no /training: run its study to its end"):
        asked(compared_copy, "onset")
    with pytest.raises(
        ValueError, match=r"does not ask for it \(analysis\.ablation\); ask for it in"
    ):
        asked(compared_copy, "importance")
    del root["natural_image"]
    with pytest.raises(ValueError, match=r"of an earlier version, .* only a new atlas has it: run"):
        asked(compared_copy, "onset")


def test_a_sheet_has_an_end(compared: Checked, tmp_path: Path) -> None:
    found = read_neurons(compared.run.atlas, ALL._replace(layer="conv2"))
    many = NeuronResults(found.frame, found.results * SHEET)
    with pytest.raises(ValueError, match="draws at most 64 neurons, but 384 were found"):
        draw_stimuli(many, tmp_path / "sheet.png")
