from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from PIL import Image

from flows.checks import Checked
from tasks.questions import ANSWERS, ROWS, as_json, ask, draw, text
from tests.tasks.explorer.conftest import plant_switch


@pytest.mark.parametrize("about", ANSWERS)
def test_each_is_a_table_json_and_a_picture(compared: Checked, about: str, tmp_path: Path) -> None:
    found = ask(compared.job.atlas, about)
    rows = json.loads(as_json(found))
    assert len(rows) == len(found)
    assert text(found).count("\n") >= min(len(found), ROWS)
    if about != "switched":
        assert rows
        draw(found, tmp_path / "answer.png")
        with Image.open(tmp_path / "answer.png") as picture:
            assert picture.size == (840, 480)


def test_what_they_say_is_what_the_atlas_holds(compared_copy: Checked) -> None:
    atlas = compared_copy.job.atlas
    plant_switch(atlas, 4)
    (switch,) = json.loads(as_json(ask(atlas, "switched")))
    assert (switch["layer"], switch["index"], switch["from"], switch["to"]) == (
        "conv2",
        4,
        "3",
        "5",
    )
    assert switch["switch_epoch"] == 2
    course = ask(atlas, "accuracy")
    held = xr.open_zarr(atlas, consolidated=False)
    assert course.epoch.tolist() == [0, 1, 2]
    assert np.array_equal(course.accuracy, held.accuracy)
    needed = ask(atlas, "importance").loss_increase
    assert needed.is_monotonic_decreasing
    onset = ask(atlas, "onset")
    assert onset.layer.tolist() == ["conv2"] * 6 + ["fc1"] * 8
    curve = ask(atlas, "methods")
    assert curve.iloc[:, 1:].apply(lambda c: c.dropna().is_monotonic_increasing).all()


def test_json_has_no_nan(compared: Checked) -> None:
    rows = json.loads(as_json(ask(compared.job.atlas, "onset")))
    values = [value for row in rows for value in row.values()]
    assert None in values
    assert not any(isinstance(value, float) and math.isnan(value) for value in values)


def test_what_an_atlas_lacks_is_named(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.job.atlas, mode="r+")
    del root["training"], root["ablation"]
    for about, group in (("onset", "training"), ("importance", "ablation")):
        with pytest.raises(ValueError, match=f"this atlas has no /{group}"):
            ask(compared_copy.job.atlas, about)
    with pytest.raises(ValueError, match="it answers neurons, onset"):
        ask(compared_copy.job.atlas, "weather")
